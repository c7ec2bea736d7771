import Glibc

/// The libraries that this process has loaded, as far as judging a plugin needs them.
struct HostLibraries {
    let machine: UInt16
    let compiler: CompilerStamp
    /// The descriptors of PluginAPI's own types and protocols: whoever defines one of them carries a copy.
    let apiDescriptors: Set<String>
    /// Where the Swift runtime lies. A plugin may use a part of it that the host itself does not.
    let runtimeFolder: String?

    /// Reads the libraries of this process once; a start with many plugins reuses it.
    init() throws(ELFProblem) {
        let paths: [String] = Self.mappedPaths()
        guard let api: String = paths.first(where: { $0.hasSuffix("/libPluginAPI.so") }) else {
            throw .malformed("libPluginAPI.so is not loaded in this process")
        }
        try self.init(api: ELFImage(path: api), runtimeFolder: Self.runtimeFolder(paths))
    }

    init(api: ELFImage, runtimeFolder: String?) throws(ELFProblem) {
        machine = api.machine
        compiler = CompilerStamp(api)
        apiDescriptors = Set(try api.symbols.definedNames { Self.isDescriptor($0) })
        self.runtimeFolder = runtimeFolder
    }

    /// Whether a symbol names the descriptor of a type or a protocol of the module PluginAPI:
    /// `$s9PluginAPI…Mn` or `…Mp` in Swift's mangling.
    static func isDescriptor(_ name: UnsafePointer<CChar>) -> Bool {
        let prefix: StaticString = "$s9PluginAPI"
        guard strncmp(name, prefix.utf8Start, prefix.utf8CodeUnitCount) == 0 else { return false }
        let count: Int = strlen(name)
        let last: CChar = name[count - 1]
        return name[count - 2] == CChar(UInt8(ascii: "M")) && (last == CChar(UInt8(ascii: "n")) || last == CChar(UInt8(ascii: "p")))
    }

    /// Whether a needed library is in the process. Asking loads nothing. A path is never taken for a library's name.
    func isLoaded(_ name: String) -> Bool {
        guard !name.contains("/"), let handle: UnsafeMutableRawPointer = dlopen(name, RTLD_LAZY | RTLD_NOLOAD) else { return false }
        // Gives back the count that asking took, and so never unloads anything.
        dlclose(handle)
        return true
    }

    /// Whether a symbol is visible to every library of the process.
    func offers(_ symbol: UnsafePointer<CChar>) -> Bool {
        dlsym(nil, symbol) != nil
    }

    /// A part of the Swift runtime that the host has not loaded, but that belongs to the same toolchain.
    func runtimeLibrary(_ name: String) -> ELFImage? {
        guard let runtimeFolder, !name.contains("/") else { return nil }
        return try? ELFImage(path: "\(runtimeFolder)/\(name)")
    }

    private static func runtimeFolder(_ paths: [String]) -> String? {
        let core = "/libswiftCore.so"
        return paths.first { $0.hasSuffix(core) }.map { String($0.dropLast(core.utf8.count)) }
    }

    /// The files that are mapped into this process.
    private static func mappedPaths() -> [String] {
        guard let maps: UnsafeMutablePointer<FILE> = fopen("/proc/self/maps", "re") else { return [] }
        defer { fclose(maps) }
        var line: UnsafeMutablePointer<CChar>?
        var room = 0
        defer { free(line) }
        var paths: Set<String> = []
        while getline(&line, &room, maps) > 0, let text = line {
            guard let start: UnsafeMutablePointer<CChar> = strchr(text, Int32(UInt8(ascii: "/"))) else { continue }
            paths.insert(String(String(cString: start).dropLast()))
        }
        return paths.sorted()
    }
}
