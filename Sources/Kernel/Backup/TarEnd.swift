import Synchronization

/// Watches an archive go by and knows whether its end came: two blocks of nothing.
final class TarEnd: Sendable {
    private let state = Mutex((size: 0, zeros: 0))

    func note(_ bytes: [UInt8]) {
        state.withLock { state in
            state.size += bytes.count
            let zeros: Int = bytes.reversed().prefix { $0 == 0 }.count
            state.zeros = zeros == bytes.count ? state.zeros + zeros : zeros
        }
    }

    var isComplete: Bool { state.withLock { $0.size > 0 && $0.size % TarWriter.block == 0 && $0.zeros >= 2 * TarWriter.block } }
}
