import CCurl
import PluginAPI

#if canImport(Glibc)
    import Glibc
#endif

/// One exchange over HTTP by libcurl, on the thread that asks for it: it blocks until the answer is there or its time is up.
/// The command line's client, plugins' requests and webhooks all go through here.
struct CurlTransfer: Sendable {
    var method: String
    var url: String
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []
    /// A socket of this machine in place of the network.
    var socketPath: String?
    /// In milliseconds.
    var connectTimeout = 10_000
    /// For the whole exchange, in milliseconds; without end when nil.
    var timeout: Int?
    /// The most bytes that an answer's body may have; what is longer fails, or ends there.
    var mostBytes = Int.max
    var cutsOff = false
    /// Asked before each connection with the very address that is about to be connected to: what a name meant when it was
    /// looked up a moment ago does not matter. Everything may be connected to when nil.
    var mayConnect: (@Sendable (NetworkAddress) -> Bool)?
    /// Names that are not looked up: `host:port:address`. For tests.
    var resolved: [String] = []

    struct Answer: Sendable {
        var status = 0
        /// Names in lower case.
        var headers: [String: String] = [:]
        var body: [UInt8] = []
        /// Where the answer sends the client on to.
        var redirect: String?
    }

    enum Failure: Error {
        /// libcurl's own words.
        case unreachable(String)
        case timedOut
        case tooLarge
        /// An address that may not be connected to.
        case refused(NetworkAddress)
    }

    /// Sends and waits. With a sink the body of a successful answer goes there piece by piece instead of into the answer.
    func perform(_ sink: (@Sendable ([UInt8]) throws -> Void)? = nil) throws -> Answer {
        try Curl.load()
        guard let handle = curl_easy_init() else { throw Failure.unreachable("libcurl could not be started") }
        defer { curl_easy_cleanup(handle) }
        let receiver = CurlReceiver(sink: sink, mostBytes: mostBytes, cutsOff: cutsOff, mayConnect: mayConnect)
        let pointer = Unmanaged.passUnretained(receiver).toOpaque()
        set(up: handle)
        var list: UnsafeMutablePointer<curl_slist>? = curl_slist_append(nil, "Expect:")
        defer { curl_slist_free_all(list) }
        for (name, value) in headers { list = curl_slist_append(list, value.isEmpty ? "\(name);" : "\(name): \(value)") }
        if !headers.contains(where: { $0.name.lowercased() == "content-type" }) { list = curl_slist_append(list, "Content-Type:") }
        if let list { tenon_curl_set_list(handle, CURLOPT_HTTPHEADER, list) }
        var names: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(names) }
        for name in resolved { names = curl_slist_append(names, name) }
        if let names { tenon_curl_set_list(handle, CURLOPT_RESOLVE, names) }
        tenon_curl_set_write(handle, CURLOPT_HEADERFUNCTION, CurlReceiver.header)
        tenon_curl_set_pointer(handle, CURLOPT_HEADERDATA, pointer)
        tenon_curl_set_write(handle, CURLOPT_WRITEFUNCTION, CurlReceiver.body)
        tenon_curl_set_pointer(handle, CURLOPT_WRITEDATA, pointer)
        if mayConnect != nil { tenon_curl_set_opensocket(handle, CurlReceiver.openSocket, pointer) }

        let code: CURLcode = body.withUnsafeBufferPointer { bytes in
            if !bytes.isEmpty {
                tenon_curl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, Int64(bytes.count))
                tenon_curl_set_bytes(handle, CURLOPT_POSTFIELDS, bytes.baseAddress)
            } else if method == "HEAD" {
                tenon_curl_set_long(handle, CURLOPT_NOBODY, 1)
            } else if method != "GET" {
                tenon_curl_set_text(handle, CURLOPT_POSTFIELDS, "")
            }
            return curl_easy_perform(handle)
        }
        if let failure = receiver.failure { throw failure }
        if receiver.isCut { return receiver.answer }
        if code == CURLE_OPERATION_TIMEDOUT { throw Failure.timedOut }
        guard code == CURLE_OK else {
            if let refused = receiver.refused { throw Failure.refused(refused) }
            throw Failure.unreachable(String(cString: curl_easy_strerror(code)).lowercased())
        }
        receiver.answer.redirect = tenon_curl_get_redirect(handle).map { String(cString: $0) }
        return receiver.answer
    }

    private func set(up handle: UnsafeMutableRawPointer) {
        // No other scheme: an address is for HTTP, never for files.
        tenon_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        if let socketPath { tenon_curl_set_text(handle, CURLOPT_UNIX_SOCKET_PATH, socketPath) }
        if mayConnect != nil {
            // Behind a proxy the address that is connected to would be the proxy's, and so say nothing.
            tenon_curl_set_text(handle, CURLOPT_PROXY, "")
        }
        tenon_curl_set_text(handle, CURLOPT_URL, url)
        tenon_curl_set_text(handle, CURLOPT_CUSTOMREQUEST, method)
        tenon_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        tenon_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, connectTimeout)
        if let timeout { tenon_curl_set_long(handle, CURLOPT_TIMEOUT_MS, timeout) }
        tenon_curl_set_long(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    }
}

/// What one transfer receives. Used by one thread, during one call of `curl_easy_perform`.
private final class CurlReceiver {
    var answer = CurlTransfer.Answer()
    var failure: (any Error)?
    var refused: NetworkAddress?
    var isCut = false
    private let sink: (@Sendable ([UInt8]) throws -> Void)?
    private let mostBytes: Int
    private let cutsOff: Bool
    private let mayConnect: (@Sendable (NetworkAddress) -> Bool)?
    private var received = 0

    init(
        sink: (@Sendable ([UInt8]) throws -> Void)?, mostBytes: Int, cutsOff: Bool, mayConnect: (@Sendable (NetworkAddress) -> Bool)?
    ) {
        self.sink = sink
        self.mostBytes = mostBytes
        self.cutsOff = cutsOff
        self.mayConnect = mayConnect
    }

    private func receive(header line: [UInt8]) {
        let text = String(decoding: line, as: UTF8.self)
        if text.hasPrefix("HTTP/") {
            answer.status = Int(text.split(separator: " ").dropFirst().first?.prefix { $0.isNumber } ?? "") ?? 0
            answer.headers = [:]
            return
        }
        let parts = text.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { return }
        let value = parts[1].drop { $0 == " " }.prefix { !$0.isNewline }
        answer.headers[parts[0].lowercased()] = String(value)
    }

    private func receive(body piece: [UInt8]) throws {
        let room = mostBytes - received
        received += piece.count
        if let sink, (200..<300).contains(answer.status) { return try sink(piece) }
        answer.body += piece.prefix(room)
        guard piece.count > room else { return }
        isCut = cutsOff
        throw CurlTransfer.Failure.tooLarge
    }

    /// A socket for an address, or none when it may not be connected to.
    private func socket(for address: inout curl_sockaddr) -> curl_socket_t {
        let known: NetworkAddress? = withUnsafePointer(to: &address.addr) { NetworkAddress($0) }
        guard let known, mayConnect?(known) ?? true else {
            refused = known
            return -1
        }
        return Glibc.socket(address.family, address.socktype | SocketKind.closedOnExec, address.protocol)
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
            if !receiver.isCut { receiver.failure = error }
            return 0
        }
    }

    static let openSocket: @convention(c) (UnsafeMutableRawPointer?, curlsocktype, UnsafeMutablePointer<curl_sockaddr>?) -> curl_socket_t = {
        user, _, address in
        guard let user, let address else { return -1 }
        return Unmanaged<CurlReceiver>.fromOpaque(user).takeUnretainedValue().socket(for: &address.pointee)
    }
}
