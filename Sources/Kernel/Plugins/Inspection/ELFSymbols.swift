import Glibc

/// The dynamic symbols of a library: what it offers to others, and what it needs from them.
struct ELFSymbols {
    private static let rowSize = 24
    /// How many bytes of names are looked at in all. Rows may share a name: a small file could ask for any amount of work.
    private static let mostNameBytes = 1 << 28
    /// Names of generic Swift functions have thousands of bytes.
    private static let longestName = 1 << 20

    struct Symbol {
        let nameOffset: Int
        let isDefined: Bool
        let isWeak: Bool
        /// Whether the loader calls a function of the library to find the symbol's address.
        let isIndirect: Bool
    }

    private let table: ELFBytes
    private let names: ELFBytes
    let count: Int

    init(table: ELFBytes, names: ELFBytes) throws(ELFProblem) {
        guard names.bytes.last == 0 else { throw .malformed("its symbol names do not end") }
        self.table = table
        self.names = names
        self.count = table.bytes.count / Self.rowSize
    }

    /// Global symbols only: nobody outside sees the local ones, which also leaves out the empty first row.
    func forEach(_ body: (Symbol) -> Void) throws(ELFProblem) {
        var nameBytes = 0
        for row in 0..<count {
            let start: Int = row * Self.rowSize
            let nameOffset: UInt32 = try table.integer(at: start)
            let info: UInt8 = try table.integer(at: start + 4)
            let section: UInt16 = try table.integer(at: start + 6)
            let binding: UInt8 = info >> 4
            guard binding != 0 else { continue }
            guard Int(nameOffset) < names.bytes.count else { throw .malformed("a symbol's name lies outside its names") }
            let length: Int = names.bytes.withUnsafeBufferPointer { bytes in
                bytes.withMemoryRebound(to: CChar.self) { strnlen($0.baseAddress! + Int(nameOffset), Self.longestName + 1) }
            }
            guard length <= Self.longestName else { throw .malformed("a symbol's name has more than \(Self.longestName) bytes") }
            nameBytes += length
            guard nameBytes <= Self.mostNameBytes else { throw .malformed("its symbols' names are more than there is room for") }
            body(Symbol(nameOffset: Int(nameOffset), isDefined: section != 0, isWeak: binding == 2, isIndirect: info & 15 == 10))
        }
    }

    /// Whether a global symbol of this name is defined here.
    func defines(_ name: String) -> Bool {
        let found: [String]? = try? definedNames { strcmp($0, name) == 0 }
        return found?.isEmpty == false
    }

    func name(of symbol: Symbol) -> String {
        withName(of: symbol) { String(cString: $0) }
    }

    /// The name without making a `String` of it; it ends with a zero, as `init` has made sure.
    func withName<Result>(of symbol: Symbol, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        names.bytes.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { body($0.baseAddress! + symbol.nameOffset) }
        }
    }

    /// Names of the defined symbols that pass a test on the bytes of the name.
    func definedNames(where isWanted: (UnsafePointer<CChar>) -> Bool) throws(ELFProblem) -> [String] {
        var found: [String] = []
        try forEach { symbol in
            guard symbol.isDefined, withName(of: symbol, isWanted) else { return }
            found.append(name(of: symbol))
        }
        return found
    }
}
