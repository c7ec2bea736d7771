import NIOCore

/// Answers a connection for which there is no place, whatever it is going to ask, and closes it: not before the other side had
/// the time to read the answer, for what it has sent itself would take it away from it.
final class TurnedAway: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// So many at once are told why; the rest is closed without a word.
    private static let told = Budget(256)

    func channelActive(context: ChannelHandlerContext) {
        guard Self.told.take(1) else { return context.close(promise: nil) }
        context.channel.closeFuture.whenComplete { _ in Self.told.give(back: 1) }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: GapAnswers.answer([], .busy))), promise: nil)
        context.close(mode: .output, promise: nil)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .seconds(1)) { bound.value.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
}
