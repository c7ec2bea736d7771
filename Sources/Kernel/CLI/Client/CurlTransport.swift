import CCurl
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
        guard let handle = curl_easy_init() else { throw CRMError(.unavailable, "libcurl could not be started") }
        defer { curl_easy_cleanup(handle) }
        let receiver = CurlReceiver(sink: sink)
        let pointer = Unmanaged.passUnretained(receiver).toOpaque()
        var url: String
        switch target {
        case .url(let base):
            url = base
            while url.hasSuffix("/") { url.removeLast() }
            // No other scheme: an address is for HTTP, never for files.
            tenon_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        case .socket(let path):
            url = "http://localhost"
            tenon_curl_set_text(handle, CURLOPT_UNIX_SOCKET_PATH, path)
        }
        url += request.target
        tenon_curl_set_text(handle, CURLOPT_URL, url)
        tenon_curl_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method)
        tenon_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        tenon_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT, 10)
        tenon_curl_set_long(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        var list: UnsafeMutablePointer<curl_slist>? = curl_slist_append(nil, "Expect:")
        defer { curl_slist_free_all(list) }
        for (name, value) in request.headers { list = curl_slist_append(list, "\(name): \(value)") }
        if request.headers["content-type"] == nil { list = curl_slist_append(list, "Content-Type:") }
        if let list { tenon_curl_set_list(handle, CURLOPT_HTTPHEADER, list) }
        tenon_curl_set_write(handle, CURLOPT_HEADERFUNCTION, CurlReceiver.header)
        tenon_curl_set_pointer(handle, CURLOPT_HEADERDATA, pointer)
        tenon_curl_set_write(handle, CURLOPT_WRITEFUNCTION, CurlReceiver.body)
        tenon_curl_set_pointer(handle, CURLOPT_WRITEDATA, pointer)

        let code: CURLcode = request.body.withUnsafeBufferPointer { bytes in
            if !bytes.isEmpty {
                tenon_curl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, Int64(bytes.count))
                tenon_curl_set_bytes(handle, CURLOPT_POSTFIELDS, bytes.baseAddress)
            } else if request.method != "GET" {
                tenon_curl_set_text(handle, CURLOPT_POSTFIELDS, "")
            }
            return curl_easy_perform(handle)
        }
        if let failure = receiver.failure { throw failure }
        guard code == CURLE_OK else { throw unreachable(code) }
        receiver.response.status = receiver.status
        return receiver.response
    }

    private func unreachable(_ code: CURLcode) -> CRMError {
        let reason = String(cString: curl_easy_strerror(code)).lowercased()
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

/// What one transfer receives. Used by one thread, during one call of `curl_easy_perform`.
private final class CurlReceiver {
    var status = 0
    var response = APIResponse(status: 0)
    var failure: (any Error)?
    private let sink: (@Sendable ([UInt8]) throws -> Void)?

    init(sink: (@Sendable ([UInt8]) throws -> Void)?) { self.sink = sink }

    private func receive(header line: [UInt8]) {
        let text = String(decoding: line, as: UTF8.self)
        if text.hasPrefix("HTTP/") {
            status = Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0
            response.headers = [:]
            return
        }
        let parts = text.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { return }
        let value = parts[1].drop { $0 == " " }.prefix { !$0.isNewline }
        response.headers[parts[0].lowercased()] = String(value)
    }

    private func receive(body piece: [UInt8]) throws {
        if let sink, (200..<300).contains(status) { try sink(piece) } else { response.body += piece }
    }

    static let header: @convention(c) (UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?) -> Int = {
        data, size, count, user in
        guard let user else { return 0 }
        let receiver = Unmanaged<CurlReceiver>.fromOpaque(user).takeUnretainedValue()
        receiver.receive(header: Array(UnsafeRawBufferPointer(start: data, count: size * count)))
        return size * count
    }

    static let body: @convention(c) (UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?) -> Int = {
        data, size, count, user in
        guard let user else { return 0 }
        let receiver = Unmanaged<CurlReceiver>.fromOpaque(user).takeUnretainedValue()
        do {
            try receiver.receive(body: Array(UnsafeRawBufferPointer(start: data, count: size * count)))
            return size * count
        } catch {
            receiver.failure = error
            return 0
        }
    }
}
