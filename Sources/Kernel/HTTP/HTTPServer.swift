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
    /// More than there are cores: some wait for the disk while others compute.
    private static let threads = RequestThreads(count: max(4, System.coreCount + 2))
    /// The most that a body may have: files to import.
    static let mostBody = 64 * 1024 * 1024

    /// Serves until the task is cancelled or the process is told to end; finishes what it began.
    /// - Parameter running: called for each socket once it answers.
    func run(
        _ sockets: [ListeningSocket], endingAt end: End = .never, running: @escaping @Sendable (ListeningSocket) async -> Void
    ) async throws {
        let live = front.kernel.live
        let dates = HTTPDate()
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = sockets.map { socket in
            .init(service: server(socket, dates, running), successTerminationBehavior: .gracefullyShutdownGroup)
        }
        // Services end in reverse order: the streams of open pages first, or the server would wait for them.
        services.append(.init(service: Ending { live.close() }, successTerminationBehavior: .ignore))
        var configuration = ServiceGroupConfiguration(services: services, gracefulShutdownSignals: end.signals, logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(15)
        let group = ServiceGroup(configuration: configuration)
        try await withTaskExecutorPreference(HTTPServer.threads) { try await group.run() }
    }

    private func server(
        _ socket: ListeningSocket, _ dates: HTTPDate, _ running: @escaping @Sendable (ListeningSocket) async -> Void
    ) -> SocketServer {
        let front = front
        var quiet = logger
        quiet.logLevel = .warning
        let connections = quiet
        let channel = HTTP1Channel(
            responder: { request, writer, channel in
                let context = ConnectionContext(source: .init(channel: channel, logger: connections))
                var response = await HTTPServer.answer(request, context, front, isLocal: socket.isLocal)
                response.headers[.date] = dates.now
                response.headers[.server] = "tenon"
                try await writer.write(response: response.head, body: response.body)
            }, configuration: .init(idleTimeout: .seconds(120)))
        return SocketServer(socket: socket, channel: channel, logger: quiet) { await running(socket) }
    }

    private static func answer(_ request: Request, _ context: ConnectionContext, _ front: Front, isLocal: Bool) async -> Response {
        do {
            let given = try await read(request, context, isLocal: isLocal)
            let response = await front.respond(given)
            return write(response)
        } catch let refusal as Refusal {
            return write(refusal.response)
        } catch {
            return Response(status: .badRequest)
        }
    }

    private struct Refusal: Error {
        let response: FrontResponse
    }

    private static func read(_ request: Request, _ context: ConnectionContext, isLocal: Bool) async throws -> FrontRequest {
        let target = request.uri.string
        let mark = target.firstIndex(of: "?")
        let rawPath = target[..<(mark ?? target.endIndex)]
        var path: [String] = []
        for part in rawPath.split(separator: "/") {
            guard let decoded = String(part).percentDecoded(plusIsSpace: false), !decoded.utf8.contains(0) else {
                throw Refusal(response: Problems.response(.init(.malformed, "the path is not readable")))
            }
            path.append(decoded)
        }
        var given = FrontRequest(method: request.method.rawValue, path: path)
        if let mark {
            guard let items = FrontRequest.parseQuery(target[target.index(after: mark)...]) else {
                throw Refusal(response: Problems.response(.init(.malformed, "the query is not readable", hint: "Encode it as UTF-8.")))
            }
            given.query = items
        }
        for field in request.headers {
            let name = field.name.canonicalName
            if let already = given.headers[name] {
                given.headers[name] = already + (name == "cookie" ? "; " : ", ") + field.value
            } else {
                given.headers[name] = field.value
            }
        }
        if let host = request.head.authority, given.headers["host"] == nil { given.headers["host"] = host }
        given.isLocal = isLocal
        given.address = isLocal ? "" : ClientAddress.of(peer: context.remoteAddress?.ipAddress ?? "", forwarded: given.headers["x-forwarded-for"])
        given.isSecure = given.headers["x-forwarded-proto"] == "https"
        if let length = given.headers["content-length"].flatMap({ Int($0) }), length > limit(given) {
            throw Refusal(response: tooLarge(given))
        }
        if request.method != .get, request.method != .head {
            var request = request
            do {
                let buffer = try await request.collectBody(upTo: limit(given))
                given.body = Array(buffer.readableBytesView)
            } catch is NIOTooManyBytesError {
                throw Refusal(response: tooLarge(given))
            } catch let error as HTTPError where error.status == .contentTooLarge {
                throw Refusal(response: tooLarge(given))
            }
        }
        return given
    }

    /// Uploads may be large, everything else is small.
    private static func limit(_ request: FrontRequest) -> Int {
        request.path.contains("imports") || request.path.contains("import") ? mostBody : 1024 * 1024
    }

    private static func tooLarge(_ request: FrontRequest) -> FrontResponse {
        Problems.response(.init(.tooLarge, "the body is larger than \(limit(request) / 1024 / 1024) MiB"))
            .with("connection", "close")
    }

    private static func write(_ response: FrontResponse) -> Response {
        var headers = HTTPFields()
        headers.reserveCapacity(response.headers.count + 2)
        for (name, value) in response.headers {
            if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
        }
        let status = HTTPTypes.HTTPResponse.Status(code: response.status)
        switch response.body {
        case .bytes(let bytes):
            if bytes.isEmpty { return Response(status: status, headers: headers) }
            return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
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
