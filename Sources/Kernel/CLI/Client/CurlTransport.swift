import Dispatch
import PluginAPI

/// Talks to a running server over its network address or over the socket in its data directory.
struct CurlTransport: APITransport {
    enum Target: Sendable {
        case url(String)
        case socket(path: String)
    }
    let target: Target

    func send(_ request: APIRequest, sink: (@Sendable ([UInt8]) throws -> Void)?) async throws -> APIResponse {
        try await withCheckedThrowingContinuation { continuation in
            // libcurl blocks: not on a thread that tasks need.
            DispatchQueue.global().async {
                continuation.resume(with: Result { try perform(request, sink) })
            }
        }
    }

    private func perform(_ request: APIRequest, _ sink: (@Sendable ([UInt8]) throws -> Void)?) throws -> APIResponse {
        var base: String
        var socketPath: String?
        switch target {
        case .url(let url):
            base = url
            while base.hasSuffix("/") { base.removeLast() }
        case .socket(let path):
            base = "http://localhost"
            socketPath = path
        }
        let transfer = CurlTransfer(
            method: request.method, url: base + request.target, headers: request.headers.map { ($0.key, $0.value) }, body: request.body,
            socketPath: socketPath)
        do {
            let answer = try transfer.perform(sink)
            return APIResponse(status: answer.status, headers: answer.headers, body: answer.body)
        } catch let failure as CurlTransfer.Failure {
            throw unreachable(failure)
        }
    }

    private func unreachable(_ failure: CurlTransfer.Failure) -> CRMError {
        let reason: String
        switch failure {
        case .unreachable(let words): reason = words
        case .timedOut: reason = "timeout was reached"
        case .tooLarge, .refused: reason = "the answer was refused"
        }
        return switch target {
        case .url(let base):
            CRMError(
                .unavailable, "could not reach \(base): \(reason)",
                hint: "Check the address and that the server runs; `--server` and TENON_SERVER name it.")
        case .socket(let path):
            CRMError(.unavailable, "could not reach the server at \(path): \(reason)")
        }
    }
}
