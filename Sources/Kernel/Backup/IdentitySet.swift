/// Many ids in little room: a bit each, as long as they are near each other, which ids that an engine gives are.
struct IdentitySet {
    private var blocks: [Int64: [UInt64]] = [:]
    private static let words = 64

    mutating func insert(_ id: Int64) {
        let (block, bit) = Self.place(id)
        blocks[block, default: [UInt64](repeating: 0, count: Self.words)][bit / 64] |= 1 << UInt64(bit % 64)
    }

    func contains(_ id: Int64) -> Bool {
        let (block, bit) = Self.place(id)
        return (blocks[block]?[bit / 64] ?? 0) & (1 << UInt64(bit % 64)) != 0
    }

    private static func place(_ id: Int64) -> (block: Int64, bit: Int) {
        // Shifts round downwards, also below zero.
        (id >> 12, Int(id & 0xFFF))
    }
}
