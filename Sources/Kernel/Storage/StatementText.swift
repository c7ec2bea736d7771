/// The text of a statement as a key. Such texts are long and few: a part of one is hashed, and only what has the same part and length is
/// compared whole.
struct StatementText: Hashable, Sendable {
    let text: String

    init(_ text: String) { self.text = text }

    private static let pieces = 16

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { bytes in
            let all = UnsafeRawBufferPointer(bytes)
            hasher.combine(all.count)
            guard all.count > 16 * StatementText.pieces else { return hasher.combine(bytes: all) }
            // Eight bytes here and there, the end among them: it tells pages and orders apart.
            let step: Int = (all.count - 8) / (StatementText.pieces - 1)
            for piece in 0..<StatementText.pieces - 1 { hasher.combine(all.loadUnaligned(fromByteOffset: piece * step, as: UInt64.self)) }
            hasher.combine(all.loadUnaligned(fromByteOffset: all.count - 8, as: UInt64.self))
        }
    }
}
