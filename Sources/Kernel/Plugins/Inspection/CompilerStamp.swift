/// The Swift compilers that made a library, as far as it tells.
///
/// Three traces are read. Each Swift toolchain links a small object of its own into every library, whose `.comment` names
/// the exact revision of the compiler's back end; it survives stripping. Debug information names the Swift version
/// itself. What `exportPlugin` leaves names it, too, among the needed symbols, and survives stripping: the same back end may have
/// served two Swift releases. A plain C compiler's `GCC: …` text and the linker's say nothing about Swift and are left out.
struct CompilerStamp: Equatable, Sendable {
    let toolchains: Set<String>
    let versions: Set<String>

    init(toolchains: Set<String>, versions: Set<String>) {
        self.toolchains = toolchains
        self.versions = versions
    }

    init(_ image: ELFImage) {
        toolchains = Set(image.comments.filter { $0.hasPrefix("clang version ") || $0.hasPrefix("Swift version ") })
        versions = Set(image.swiftCompilers)
    }

    /// Whether code of both can share types in one process. A plugin may hold parts of another C compiler beside the
    /// host's, but no part of another Swift version.
    func accepts(_ plugin: CompilerStamp) -> Bool {
        guard !toolchains.isEmpty, toolchains.isSubset(of: plugin.toolchains) else { return false }
        return versions.isEmpty || plugin.versions.isSubset(of: versions)
    }

    var description: String {
        let names: [String] = versions.sorted() + toolchains.sorted()
        return names.isEmpty ? "no Swift compiler" : names.joined(separator: ", ")
    }
}

/// The Swift release that compiled a plugin, as `exportPlugin` leaves it: the name of a function that PluginAPI has only when
/// it was compiled by the same release.
enum ReleaseStamp {
    /// The release in a symbol's name, or nil when it is no stamp: `$s9PluginAPI21compiledBySwift_6_3_1yyF`.
    static func release(_ symbol: String) -> String? {
        guard symbol.hasPrefix("$s9PluginAPI"), let mark = symbol.firstRange(of: "compiledBySwift_"), symbol.hasSuffix("yyF") else { return nil }
        return String(symbol[mark.upperBound...].dropLast(3)).replacing("_", with: ".")
    }
}
