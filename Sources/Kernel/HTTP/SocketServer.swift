import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOExtras
import NIOHTTPTypes
import NIOPosix
import ServiceLifecycle

/// Serves HTTP on a socket that listens already. The library's own server binds an address itself, and a worker has only
/// the descriptor that it inherited.
struct SocketServer: Service {
    let socket: ListeningSocket
    let channel: HTTP1Channel
    /// How many connections there may be.
    let connections: Budget
    let logger: Logger
    /// Called once connections are taken.
    let running: @Sendable () async -> Void
    /// Called once no connection is taken any more: from then on another process may take them.
    let closed: @Sendable () -> Void

    func run() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let quiescing = ServerQuiescingHelper(group: group)
        let (channel, limit, logger) = (channel, connections, logger)
        let server: NIOAsyncChannel<HTTP1Channel.Value, Never> = try await ServerBootstrap(group: group)
            .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .serverChannelInitializer { server in
                server.eventLoop.makeCompletedFuture {
                    try server.pipeline.syncOperations.addHandler(quiescing.makeServerChannelHandler(channel: server))
                }
            }
            .bind(socket.descriptor) { child in
                if limit.take(1) {
                    child.closeFuture.whenComplete { _ in limit.give(back: 1) }
                } else {
                    do { try child.pipeline.syncOperations.addHandler(TurnedAway()) } catch { return child.eventLoop.makeFailedFuture(error) }
                }
                return channel.setup(channel: child, logger: logger)
            }
        let listener: any Channel = server.channel
        await withGracefulShutdownHandler {
            await running()
            await withDiscardingTaskGroup { connections in
                do {
                    try await server.executeThenClose { inbound in
                        for try await child in inbound {
                            connections.addTask { await channel.handle(value: child, logger: logger) }
                        }
                    }
                } catch is CancellationError {
                    // Told to end without ceremony.
                } catch {
                    logger.error("no more connections can be taken: \(error)")
                }
            }
        } onGracefulShutdown: {
            // First no connection is taken any more: those that come wait for whoever serves next. What was taken a moment ago
            // gets the time to send its request.
            listener.setOption(ChannelOptions.autoRead, value: false).whenComplete { [closed] _ in
                closed()
                _ = listener.eventLoop.scheduleTask(in: .milliseconds(200)) {
                    // Idle connections are closed, those with a request under way after its answer.
                    quiescing.initiateShutdown(promise: nil)
                }
            }
        }
    }
}
