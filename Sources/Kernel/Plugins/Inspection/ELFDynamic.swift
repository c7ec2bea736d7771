/// The dynamic section: what the loader would do. Texts are offsets into the names that belong to it.
struct ELFDynamic {
    private static let mostRows = 4096

    private(set) var needed: [Int] = []
    private(set) var name: Int?
    private(set) var searchPath: Int?
    private(set) var symbolsAddress: UInt64?
    private(set) var hasInitialisers = false
    /// How many functions stand in the list of those that run at loading.
    private(set) var initialiserCount: UInt64 = 0
    /// The one that runs before them.
    private(set) var firstInitialiser: UInt64?
    /// An executable that may lie anywhere looks like a shared object, but cannot be loaded as one.
    private(set) var isProgram = false

    init(_ rows: ELFBytes) throws(ELFProblem) {
        guard rows.bytes.count <= Self.mostRows * 16 else { throw .malformed("its dynamic section has more than \(Self.mostRows) rows") }
        for row in 0..<rows.bytes.count / 16 {
            let tag: UInt64 = try rows.integer(at: row * 16)
            let value: UInt64 = try rows.integer(at: row * 16 + 8)
            switch tag {
            case 0: return
            case 1: needed.append(try Self.offset(value))
            case 14: name = try Self.offset(value)
            case 15 where searchPath == nil, 29: searchPath = try Self.offset(value)
            case 6: symbolsAddress = value
            case 0x6fff_fffb: isProgram = value & 0x0800_0000 != 0
            case 12:
                hasInitialisers = true
                firstInitialiser = value
            case 25: hasInitialisers = true
            case 27: initialiserCount = value / 8
            // Filters: libraries that are loaded along as those that are needed.
            case 0x7fff_fffd, 0x7fff_ffff: needed.append(try Self.offset(value))
            default: continue
            }
        }
    }

    private static func offset(_ value: UInt64) throws(ELFProblem) -> Int {
        guard let offset = Int(exactly: value) else { throw .malformed("a text of its dynamic section lies outside the file") }
        return offset
    }
}
