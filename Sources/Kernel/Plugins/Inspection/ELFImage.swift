import Glibc

/// What a shared library says about itself, read from its bytes: nothing of it is loaded or run.
///
/// The dynamic loader obeys the dynamic segment and tools read the section table; where the two can be compared
/// and differ, the file is refused as malformed.
struct ELFImage {
    let machine: UInt16
    let isSharedObject: Bool
    /// The texts of `.comment`, one from each compiler that made a part of the library.
    let comments: [String]
    /// The Swift compilers that the debug information names; empty in a stripped library.
    let swiftCompilers: [String]
    let neededLibraries: [String]
    let name: String?
    let searchPath: String?
    let hasInitialisers: Bool
    /// How many functions of the library's own the loader would run at once, besides what the linker puts into each library.
    let ownInitialisers: Int
    let symbols: ELFSymbols

    init(path: String) throws(ELFProblem) {
        let descriptor: Int32 = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(errno: errno) }
        defer { close(descriptor) }
        try self.init(ELFFile(descriptor: descriptor))
    }

    init(bytes: [UInt8]) throws(ELFProblem) {
        try self.init(ELFFile(memory: bytes))
    }

    private init(_ file: ELFFile) throws(ELFProblem) {
        let header = try ELFHeader(file)
        machine = header.machine

        comments = try Self.read(".comment", of: header, from: file)?.texts ?? []
        swiftCompilers = try Self.read(".debug_str", of: header, from: file)?.texts(beginningWith: "Swift version ") ?? []

        guard let rows = header.section(ofKind: ELFSection.Kind.dynamic),
            let table = header.section(ofKind: ELFSection.Kind.dynamicSymbols)
        else { throw .malformed("it has no dynamic symbols") }
        let names: ELFBytes = try Self.names(of: table, header, file)
        symbols = try ELFSymbols(table: file.part("dynamic symbols", at: table.offset, count: table.count), names: names)

        let dynamic = try ELFDynamic(file.part("dynamic section", at: rows.offset, count: rows.count))
        if let address: UInt64 = dynamic.symbolsAddress, address != table.address {
            throw .malformed("its two descriptions of the dynamic symbols differ")
        }
        isSharedObject = header.isSharedObject && !dynamic.isProgram
        let texts: ELFBytes = try Self.names(of: rows, header, file)
        neededLibraries = try dynamic.needed.map { offset throws(ELFProblem) in try texts.text(at: offset) }
        name = try dynamic.name.map { offset throws(ELFProblem) in try texts.text(at: offset) }
        searchPath = try dynamic.searchPath.map { offset throws(ELFProblem) in try texts.text(at: offset) }
        ownInitialisers = Self.ownInitialisers(dynamic, header)
        hasInitialisers = dynamic.hasInitialisers || header.section(ofKind: ELFSection.Kind.initialisers) != nil
    }

    /// The linker's start files bring the code in `.init` and one entry of the list. More than that is the library's.
    private static func ownInitialisers(_ dynamic: ELFDynamic, _ header: ELFHeader) -> Int {
        let start: ELFSection? = header.section(named: ".init")
        var count = Int(clamping: dynamic.initialiserCount)
        if start != nil, count > 0 { count -= 1 }
        if let first = dynamic.firstInitialiser, first != start?.address || (start?.count ?? 0) > longestStart { count += 1 }
        return count
    }

    /// The code that the linker puts into `.init` has 23 or 27 bytes.
    private static let longestStart: UInt64 = 48

    private static func read(_ name: StaticString, of header: ELFHeader, from file: ELFFile) throws(ELFProblem) -> ELFBytes? {
        guard let section: ELFSection = header.section(named: name), !section.isCompressed else { return nil }
        return try file.part("\(name)", at: section.offset, count: section.count)
    }

    private static func names(of section: ELFSection, _ header: ELFHeader, _ file: ELFFile) throws(ELFProblem) -> ELFBytes {
        guard Int(section.link) < header.sections.count else { throw .malformed("a section refers to one that is not there") }
        let names: ELFSection = header.sections[Int(section.link)]
        return try file.part("dynamic names", at: names.offset, count: names.count)
    }
}
