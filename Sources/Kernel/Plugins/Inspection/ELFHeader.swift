/// The head of a 64-bit little-endian ELF file with its section table.
struct ELFHeader {
    /// The machines that we have a name for; others are shown by number.
    static let machineNames: [UInt16: String] = [3: "x86", 40: "ARM", 62: "x86-64", 183: "AArch64", 243: "RISC-V"]

    let kind: UInt16
    let machine: UInt16
    let sections: [ELFSection]
    private let sectionNames: ELFBytes

    init(_ file: ELFFile) throws(ELFProblem) {
        guard file.size >= 4, try file.part("head", at: 0, count: 4).bytes == [0x7f, 0x45, 0x4c, 0x46] else { throw .notELF }
        let head: ELFBytes = try file.part("head", at: 0, count: 64)
        guard head.bytes[4] == 2 else { throw .unsupported("a 32-bit file") }
        guard head.bytes[5] == 1 else { throw .unsupported("a big-endian file") }

        kind = try head.integer(at: 16)
        machine = try head.integer(at: 18)
        let tableOffset: UInt64 = try head.integer(at: 40)
        let rowSize: UInt16 = try head.integer(at: 58)
        let rows: UInt16 = try head.integer(at: 60)
        let namesRow: UInt16 = try head.integer(at: 62)
        guard rows > 0, tableOffset > 0 else { throw .malformed("it has no section table") }
        guard Int(rowSize) == ELFSection.size else { throw .malformed("its section table has rows of \(rowSize) bytes") }
        guard namesRow < rows else { throw .malformed("its section names are in section \(namesRow) of \(rows)") }

        let table: ELFBytes = try file.part("section table", at: tableOffset, count: UInt64(rows) * UInt64(rowSize))
        var sections: [ELFSection] = []
        sections.reserveCapacity(Int(rows))
        for row in 0..<Int(rows) {
            sections.append(try ELFSection(table, row: row))
        }
        let names: ELFSection = sections[Int(namesRow)]
        self.sections = sections
        self.sectionNames = try file.part("section names", at: names.offset, count: names.count)
    }

    var isSharedObject: Bool { kind == 3 }

    func section(named name: StaticString) -> ELFSection? {
        sections.first { $0.kind != ELFSection.Kind.noBits && sectionNames.holds(name, at: Int($0.nameOffset)) }
    }

    func section(ofKind kind: UInt32) -> ELFSection? {
        sections.first { $0.kind == kind }
    }
}
