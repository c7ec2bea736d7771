import Foundation
import PluginAPI

/// Sends requests to systems outside, a thread for each that is under way, so many at once and no more. TLS certificates are
/// verified; addresses of the own network are refused unless the deployment allows them; redirects stay on the host.
final class OutgoingClient: Sendable {
    /// What one request may take.
    struct Limits: Sendable {
        var timeout: Double = 30
        /// The most bytes of an answer that are taken; more is an error, or cut off.
        var mostBytes = 8 * 1024 * 1024
        var cutsOff = false
        var redirects = 5
    }

    static let longest: Double = 60
    private static let agent = "Tenon/" + Kernel.version

    private let turnstile: Turnstile
    private let allowsPrivate: @Sendable () -> Bool
    /// Names that are not looked up. For tests.
    private let resolved: [String]

    init(places: Int, waiting: Int = 1000, resolved: [String] = [], allowsPrivate: @escaping @Sendable () -> Bool) {
        turnstile = Turnstile(
            places: places, lineLimit: waiting,
            whenFull: CRMError(.unavailable, "too many requests to systems outside are waiting", hint: "Try again later."))
        self.resolved = resolved
        self.allowsPrivate = allowsPrivate
    }

    /// Sends a request and gives the answer, whatever its status.
    func send(_ request: HTTPRequest, _ limits: Limits = Limits()) async throws -> HTTPResponse {
        let address = try OutgoingAddress(request.url)
        var headers: [(name: String, value: String)] = try OutgoingClient.headers(request)
        if !headers.contains(where: { $0.name.lowercased() == "user-agent" }) { headers.append(("User-Agent", OutgoingClient.agent)) }
        let timeout = Int(1000 * min(max(limits.timeout, 0.1), OutgoingClient.longest))
        let isOpen = allowsPrivate()
        let transfer = CurlTransfer(
            method: request.method.rawValue, url: address.url, headers: headers, body: request.body,
            connectTimeout: min(timeout, 10_000), timeout: timeout, mostBytes: limits.mostBytes, cutsOff: limits.cutsOff,
            mayConnect: { isOpen || $0.isPublic }, resolved: resolved)
        return try await turnstile.pass {
            let answer = try await OutgoingClient.onThread { try transfer.follow(address, limits.redirects) }
            return HTTPResponse(status: answer.status, headers: answer.headers, body: answer.body)
        }
    }

    /// What the kernel sets itself, and what would end a header and begin another one, is not for plugins to say.
    private static func headers(_ request: HTTPRequest) throws -> [(name: String, value: String)] {
        let own: Set<String> = ["host", "content-length", "transfer-encoding", "connection", "upgrade", "expect", "te", "trailer"]
        return try request.headers.sorted { $0.key < $1.key }.map { name, value in
            let isName = !name.isEmpty && name.utf8.allSatisfy { $0 > 32 && $0 < 127 && !"()<>@,;:\\\"/[]?={}".utf8.contains($0) }
            guard isName, !own.contains(name.lowercased()), value.utf8.allSatisfy({ $0 >= 32 && $0 != 127 || $0 == 9 }) else {
                throw CRMError(.invalid, "the header \(name.prefix(60)) cannot be sent", hint: "Names are plain words, values one line.")
            }
            return (name, value)
        }
    }

    /// libcurl blocks: on a thread of its own, not on one that tasks need.
    static func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Result { try body() }) }
            thread.name = "tenon-outside"
            thread.start()
        }
    }
}

extension CurlTransfer {
    /// Sends, and follows an answer of GET or HEAD that sends on to the same host; one that sends elsewhere is the answer.
    fileprivate func follow(_ start: OutgoingAddress, _ most: Int) throws -> Answer {
        var (transfer, at, left) = (self, start, most)
        while true {
            let answer: Answer
            do { answer = try transfer.perform() } catch let failure as Failure { throw failure.told(at.host) }
            guard left > 0, method == "GET" || method == "HEAD", let next = answer.redirect.flatMap({ try? OutgoingAddress($0) }),
                next.hasSameOrigin(as: start)
            else { return answer }
            (at, left, transfer.url) = (next, left - 1, next.url)
        }
    }
}

extension CurlTransfer.Failure {
    fileprivate func told(_ host: String) -> CRMError {
        switch self {
        case .unreachable(let reason): CRMError(.unavailable, "\(host) could not be reached: \(reason)")
        case .timedOut: CRMError(.unavailable, "\(host) did not answer in time")
        case .tooLarge: CRMError(.tooLarge, "\(host) answered with more than may be taken")
        case .refused(let address):
            CRMError(
                .forbidden, "\(host) is at \(address), an address that is not reached from here",
                hint: "The setting \(KernelSettings.privateAddresses.key) allows addresses of the own network.")
        }
    }
}
