import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import PluginAPI
import ServiceLifecycle
import UnixSignals

/// Carries the fronts over HTTP: on a TCP port and on the socket in the data directory. The only place that knows
/// Hummingbird.
struct HTTPServer: Sendable {
    /// Which signals end it.
    enum End {
        case never
        /// SIGTERM alone: in a worker, whose supervisor decides about the others.
        case whenTold
        /// SIGTERM and Ctrl-C.
        case whenInterrupted

        fileprivate var signals: [UnixSignal] {
            switch self {
            case .never: []
            case .whenTold: [.sigterm]
            case .whenInterrupted: [.sigterm, .sigint]
            }
        }
    }

    let front: Front
    let logger: Logger
    var admissions = Admissions()
    var pace = ConnectionPace.Limits()
    /// More than there are cores: some wait for the disk while others compute.
    static let threads = RequestThreads(count: RequestThreads.usualCount)
    /// The most that a body may have: files to import.
    static let mostBody = 64 * 1024 * 1024
    /// What everybody may send, also whoever has not said who it is.
    static let usualBody = 1024 * 1024

    /// Serves until the task is cancelled or the process is told to end; finishes what it began.
    /// - Parameters:
    ///   - closed: called for each socket once no connection is taken from it any more.
    ///   - running: called for each socket once it answers.
    func run(
        _ sockets: [ListeningSocket], endingAt end: End = .never, closed: @escaping @Sendable (ListeningSocket) -> Void = { _ in },
        running: @escaping @Sendable (ListeningSocket) async -> Void
    ) async throws {
        let live = front.kernel.live
        let dates = HTTPDate()
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = sockets.map { socket in
            .init(service: server(socket, dates, closed, running), successTerminationBehavior: .gracefullyShutdownGroup)
        }
        // Services end in reverse order: the streams of open pages first, or the server would wait for them.
        services.append(.init(service: Ending { live.close() }, successTerminationBehavior: .ignore))
        var configuration = ServiceGroupConfiguration(services: services, gracefulShutdownSignals: end.signals, logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(15)
        let group = ServiceGroup(configuration: configuration)
        try await withTaskExecutorPreference(HTTPServer.threads) { try await group.run() }
    }

    private func server(
        _ socket: ListeningSocket, _ dates: HTTPDate, _ closed: @escaping @Sendable (ListeningSocket) -> Void,
        _ running: @escaping @Sendable (ListeningSocket) async -> Void
    ) -> SocketServer {
        let (front, admissions, pace) = (front, admissions, pace)
        var quiet = logger
        quiet.logLevel = .warning
        let connections = quiet
        let channel = HTTP1Channel(
            responder: { request, writer, channel in
                let context = ConnectionContext(source: .init(channel: channel, logger: connections))
                var response = await HTTPServer.answer(request, context, front, admissions, isLocal: socket.isLocal)
                response.headers[.date] = dates.now
                response.headers[.server] = "tenon"
                try await writer.write(response: response.head, body: response.body)
            }, configuration: .init(additionalChannelHandlers: [ConnectionPace(pace, admissions, isLocal: socket.isLocal)], idleTimeout: .seconds(120)))
        return SocketServer(socket: socket, channel: channel, connections: admissions.connections, logger: quiet) {
            await running(socket)
        } closed: {
            closed(socket)
        }
    }

    private static func answer(
        _ request: Request, _ context: ConnectionContext, _ front: Front, _ admissions: Admissions, isLocal: Bool
    ) async -> Response {
        do {
            var given: FrontRequest = try head(request, context, isLocal: isLocal)
            let line: Admission? = admissions.line(of: given)
            // Before anything of the body is read.
            if let line, line.isFull || admissions.answers.isSpent {
                throw Refusal(response: given.hasBody ? busy(given).with("connection", "close") : busy(given))
            }
            var taken = 0
            defer { admissions.bodies.give(back: taken) }
            try await readBody(request, &given, front, admissions.bodies, &taken)
            guard await line?.enter() ?? true else { throw Refusal(response: busy(given)) }
            defer { line?.leave() }
            return write(await front.respond(given))
        } catch let refusal as Refusal {
            return write(refusal.response)
        } catch {
            return Response(status: .badRequest)
        }
    }

    /// The answer to those who are turned away. The connection stays: a new one would cost more than the answer.
    private static func busy(_ request: FrontRequest) -> FrontResponse {
        let isPage: Bool = request.path.first != "api" && request.headers["accept"]?.contains("text/html") == true
        if isPage { return .html(Array(GapAnswers.page(.busy).utf8), status: 503).with("retry-after", "1").with("cache-control", "no-store") }
        return Problems.response(.init(.unavailable, "the server has more to do than it can", hint: "Try again in a second."))
    }

    /// The same for who gets no thread.
    static func busy(_ head: HTTPRequest, isLast: Bool) -> (head: HTTPResponse, body: ByteBuffer) {
        let path = (head.path ?? "").split(separator: "/", maxSplits: 1).first.map(String.init) ?? ""
        var request = FrontRequest(method: head.method.rawValue, path: [path])
        request.headers["accept"] = head.headerFields[.accept]
        let answer: FrontResponse = isLast ? busy(request).with("connection", "close") : busy(request)
        guard let bytes = answer.body.bytes else { return (HTTPResponse(status: .serviceUnavailable), ByteBuffer()) }
        var response: HTTPResponse = write(answer).head
        response.headerFields[.contentLength] = String(bytes.count)
        response.headerFields[.server] = "tenon"
        return (response, ByteBuffer(bytes: bytes))
    }

    private struct Refusal: Error {
        let response: FrontResponse
    }

    /// All but the body.
    private static func head(_ request: Request, _ context: ConnectionContext, isLocal: Bool) throws -> FrontRequest {
        // By bytes: looking for the next letter of a text costs many times as much.
        let target = request.uri.string.utf8
        let mark = target.firstIndex(of: UInt8(ascii: "?"))
        var path: [String] = []
        for part in target[..<(mark ?? target.endIndex)].split(separator: UInt8(ascii: "/")) {
            guard let decoded = String(Substring(part)).percentDecoded(plusIsSpace: false), !decoded.utf8.contains(0) else {
                throw Refusal(response: Problems.response(.init(.malformed, "the path is not readable")))
            }
            path.append(decoded)
        }
        var given = FrontRequest(method: request.method.rawValue, path: path)
        if let mark {
            guard let items = FrontRequest.parseQuery(Substring(target[target.index(after: mark)...])) else {
                throw Refusal(response: Problems.response(.init(.malformed, "the query is not readable", hint: "Encode it as UTF-8.")))
            }
            given.query = items
        }
        given.headers.reserveCapacity(request.headers.count + 1)
        for field in request.headers {
            let name = field.name.canonicalName
            if let already = given.headers.updateValue(field.value, forKey: name) {
                given.headers[name] = already + (name == "cookie" ? "; " : ", ") + field.value
            }
        }
        if let host = request.head.authority, given.headers["host"] == nil { given.headers["host"] = host }
        given.isLocal = isLocal
        if !isLocal {
            let (peer, forwarded) = (context.remoteAddress, given.headers["x-forwarded-for"])
            given.findAddress = { ClientAddress.of(peer: peer?.ipAddress ?? "", forwarded: forwarded) }
        }
        given.isSecure = given.headers["x-forwarded-proto"] == "https"
        return given
    }

    /// Reads the body piece by piece, so much of it as it may have, and as there is memory for. What may be large is read only
    /// from those who have said who they are.
    private static func readBody(
        _ request: Request, _ given: inout FrontRequest, _ front: Front, _ budget: Budget, _ taken: inout Int
    ) async throws {
        let told: Int? = given.headers["content-length"].flatMap { Int($0) }
        var limit: Int = usualBody
        if let told, told > limit {
            limit = try await self.limit(given, front)
            if told > limit { throw Refusal(response: tooLarge(limit)) }
        }
        guard request.method != .get, request.method != .head else { return }
        var bytes: [UInt8] = []
        if let told, told <= usualBody { bytes.reserveCapacity(told) }
        for try await piece in request.body {
            let count: Int = piece.readableBytes
            if bytes.count + count > limit {
                // Whoever does not tell how much is coming is asked who it is when it becomes much.
                limit = limit == usualBody ? try await self.limit(given, front) : limit
                if bytes.count + count > limit { throw Refusal(response: tooLarge(limit)) }
            }
            guard budget.take(count) else { throw Refusal(response: busy(given).with("connection", "close")) }
            taken += count
            bytes.append(contentsOf: piece.readableBytesView)
        }
        given.body = bytes
    }

    /// Uploads may be large, everything else is small.
    private static func limit(_ request: FrontRequest, _ front: Front) async throws -> Int {
        guard request.path.contains("imports") || request.path.contains("import") else { return usualBody }
        let isKnown: Bool = (try? await front.kernel.authenticator.caller(for: request)) != nil
        return isKnown ? mostBody : usualBody
    }

    private static func tooLarge(_ limit: Int) -> FrontResponse {
        Problems.response(.init(.tooLarge, "the body is larger than \(limit / 1024 / 1024) MiB")).with("connection", "close")
    }

    /// What most answers bear, checked once and not with each of them.
    private static let usual: [(name: String, value: String, field: HTTPField)] = Front.usualHeaders.compactMap { name, value in
        HTTPField.Name(name).map { (name, value, HTTPField(name: $0, value: value)) }
    }

    private static func field(_ name: String, _ value: String) -> HTTPField? {
        for known in usual where known.name == name && known.value == value { return known.field }
        return HTTPField.Name(name).map { HTTPField(name: $0, value: value) }
    }

    private static func write(_ response: FrontResponse) -> Response {
        var headers = HTTPFields()
        headers.reserveCapacity(response.headers.count + 3)
        for (name, value) in response.headers {
            if let field = field(name, value) { headers.append(field) }
        }
        let status = HTTPTypes.HTTPResponse.Status(code: response.status)
        switch response.body {
        case .bytes(let bytes):
            if bytes.isEmpty { return Response(status: status, headers: headers) }
            return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
        case .pieces(let pieces):
            var whole = ByteBufferAllocator().buffer(capacity: response.body.count ?? 0)
            for piece in pieces { whole.writeBytes(piece) }
            return Response(status: status, headers: headers, body: .init(byteBuffer: whole))
        case .stream(let pieces):
            return Response(status: status, headers: headers, body: .init(asyncSequence: pieces.map { ByteBuffer(bytes: $0) }))
        }
    }
}

/// Does something when the end has come.
private struct Ending: Service {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }

    func run() async throws {
        try? await gracefulShutdown()
        body()
    }
}

/// What is known of a connection.
struct ConnectionContext: RequestContext, RemoteAddressRequestContext {
    var coreContext: CoreRequestContextStorage
    let remoteAddress: SocketAddress?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        remoteAddress = source.channel.remoteAddress
    }
}

extension FrontRequest {
    /// Whether something follows its head.
    fileprivate var hasBody: Bool { headers["transfer-encoding"] != nil || headers["content-length"].map { $0 != "0" } ?? false }
}
