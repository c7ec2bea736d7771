import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Ends connections whose other side is too slow: one that does not come to the end of its first request's head, sends a body
/// by drops, or does not take in what it asked for. Slow ones cost memory and a place; they cost nobody time.
///
/// Idle connections between two requests may stay for as long as there is room for others.
final class ConnectionPace: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    struct Limits: Sendable {
        /// How often is looked.
        var look: TimeAmount = .seconds(5)
        /// Looks without enough movement before a connection is ended; without a request, when there is little room.
        var looks = 4
        var scarceLooks = 1
        /// Bytes that have to move between two looks.
        var bytes = 4096

        init(_ environment: [String: String] = [:]) {
            // Tests are less patient.
            if let text = environment["TENON_PACE"], let milliseconds = Int64(text), milliseconds > 0 { look = .milliseconds(milliseconds) }
        }
    }

    private let limits: Limits
    private let admissions: Admissions
    /// Calls from the machine itself are never turned away.
    private let isLocal: Bool
    /// Where those stand whose answer has not begun, in their order; nil for those who are always answered.
    private var lines: [Admission?] = []
    /// Who is turned away as soon as all of the request has come.
    private var unwanted: HTTPRequest?
    private var hasAsked = false
    private var isReading = false
    private var answering = 0
    /// Whether the answer that is being sent is the last.
    private var isLast = false
    private var isOver = false
    private var received = 0
    /// What was given to the channel to send, and what of it had left at the last look.
    private var sent = 0
    private var gone = 0
    private var lazy = 0
    private var looking: Scheduled<Void>?

    init(_ limits: Limits, _ admissions: Admissions, isLocal: Bool) {
        self.limits = limits
        self.admissions = admissions
        self.isLocal = isLocal
    }

    func handlerAdded(context: ChannelHandlerContext) { schedule(context) }

    func handlerRemoved(context: ChannelHandlerContext) { looking?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        looking?.cancel()
        for line in lines { line?.depart() }
        lines = []
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // The rest of what was refused is nobody's business any more, and is not read either.
        if isOver { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            (hasAsked, isReading) = (true, true)
            answering += 1
            (lazy, received) = (0, 0)
            if !admit(head) {
                if head.hasBody { return turnAway(context, head) }
                unwanted = head
            }
        case .body(let bytes): received += bytes.readableBytes
        case .end:
            isReading = false
            if let head = unwanted {
                unwanted = nil
                return turnAway(context, head)
            }
        }
        if unwanted == nil { context.fireChannelRead(data) }
    }

    /// Whether a request is handed on to the threads. One that comes before the answer to an earlier one of this connection is: it
    /// cannot be answered out of turn.
    private func admit(_ head: HTTPRequest) -> Bool {
        let line: Admission? = isLocal ? nil : admissions.line(head.method.rawValue, ofTarget: head.path ?? "")
        guard let line, !line.arrive() else {
            lines.append(line)
            return true
        }
        lines.append(nil)
        return answering > 1
    }

    /// Answers in place of a thread. What has a body is not read any further.
    private func turnAway(_ context: ChannelHandlerContext, _ head: HTTPRequest) {
        let isLast: Bool = head.hasBody || head.headerFields[.connection]?.lowercased() == "close"
        let (answer, body) = HTTPServer.busy(head, isLast: isLast)
        write(context: context, data: wrapOutboundOut(.head(answer)), promise: nil)
        if head.method != .head { write(context: context, data: wrapOutboundOut(.body(body)), promise: nil) }
        write(context: context, data: wrapOutboundOut(.end(nil)), promise: nil)
        context.flush()
    }

    func read(context: ChannelHandlerContext) {
        if !isOver { context.read() }
    }

    /// Small answers are not counted: there are only so many connections.
    private static let large = 64 * 1024

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            isLast = head.headerFields[.connection] == "close"
            if !lines.isEmpty { lines.removeFirst()?.depart() }
        case .body(let bytes):
            let count: Int = bytes.readableBytes
            sent += count
            guard count >= Self.large else { break }
            let answers: Budget = admissions.answers
            answers.add(count)
            let written: EventLoopPromise<Void> = promise ?? context.eventLoop.makePromise()
            written.futureResult.whenComplete { _ in answers.give(back: count) }
            return context.write(data, promise: written)
        case .end:
            answering -= 1
            lazy = 0
            if isLast { return finish(context, data, promise) }
        }
        context.write(data, promise: promise)
    }

    /// Sends the end of the last answer and closes: at once when all of the request has come, else when the other side had the
    /// time to read the answer.
    private func finish(_ context: ChannelHandlerContext, _ data: NIOAny, _ promise: EventLoopPromise<Void>?) {
        isOver = true
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let loop: any EventLoop = context.eventLoop
        let patience: TimeAmount = isReading ? .seconds(1) : .zero
        let written: EventLoopPromise<Void> = promise ?? context.eventLoop.makePromise()
        written.futureResult.whenComplete { _ in
            loop.assumeIsolated().scheduleTask(in: patience) { bound.value.close(promise: nil) }
        }
        context.writeAndFlush(data, promise: written)
    }

    // MARK: Looking

    private func schedule(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        looking = context.eventLoop.scheduleTask(in: limits.look) {
            let (pace, context) = bound.value
            pace.look(context)
        }
    }

    private func look(_ context: ChannelHandlerContext) {
        let waiting: Int = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        let left: Int = sent - waiting
        let moved: Bool
        var patience: Int = limits.looks
        if waiting > 0 {
            moved = left - gone >= limits.bytes
        } else if isReading {
            moved = received >= limits.bytes
        } else if answering > 0 {
            moved = true
        } else {
            // Whoever has never asked anything has less time than one who has; and where there is little room, nobody has any.
            moved = hasAsked && !admissions.connections.isScarce
            if admissions.connections.isScarce { patience = limits.scarceLooks }
        }
        gone = left
        received = 0
        lazy = moved ? 0 : lazy + 1
        if lazy >= patience { return context.close(promise: nil) }
        schedule(context)
    }
}

extension HTTPRequest {
    /// Whether something follows the head.
    fileprivate var hasBody: Bool { headerFields[.transferEncoding] != nil || headerFields[.contentLength].map { $0 != "0" } ?? false }
}
