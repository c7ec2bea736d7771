import NIOCore
import NIOPosix

extension HTTPServer {
    /// That each event loop turns.
    static var vitals: [Watchdog.Vital] {
        MultiThreadedEventLoopGroup.singleton.makeIterator().map { loop in
            Watchdog.Vital(name: "an event loop did not turn") { done in loop.execute { done() } }
        }
    }
}
