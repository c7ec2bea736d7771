/// A row of an ELF file's section table.
struct ELFSection {
    static let size = 64

    enum Kind {
        static let noBits: UInt32 = 8
        static let dynamic: UInt32 = 6
        static let dynamicSymbols: UInt32 = 11
        static let initialisers: UInt32 = 14
    }

    let nameOffset: UInt32
    let kind: UInt32
    let flags: UInt64
    let address: UInt64
    let offset: UInt64
    let count: UInt64
    let link: UInt32

    init(_ table: ELFBytes, row: Int) throws(ELFProblem) {
        let start: Int = row * Self.size
        nameOffset = try table.integer(at: start)
        kind = try table.integer(at: start + 4)
        flags = try table.integer(at: start + 8)
        address = try table.integer(at: start + 16)
        offset = try table.integer(at: start + 24)
        count = try table.integer(at: start + 32)
        link = try table.integer(at: start + 40)
    }

    var isCompressed: Bool { flags & 0x800 != 0 }
}
