import FoundationEssentials
import PluginAPI

#if canImport(Glibc)
import Glibc
#endif

/// A plugin as its author has it: a folder with `plugin.json`, and sources in Swift or C.
struct PluginProject: Sendable {
    enum Language: Sendable, Equatable {
        /// A package.
        case swift
        /// Files for the C compiler.
        case c([String])
        /// Only `plugin.json` and a library that something else makes.
        case other
    }

    let folder: String
    let manifest: PluginManifest
    let language: Language

    init(_ path: String) throws {
        folder = Folder.absolute(path)
        guard let json = FileManager.default.contents(atPath: folder + "/plugin.json") else {
            throw CRMError(
                .notFound, "there is no plugin in \(folder): it has no plugin.json",
                hint: "Name the plugin's folder, or make one with `tenon plugin new NAME`.")
        }
        manifest = try PluginManifest(json: Array(json))
        language = PluginProject.language(of: folder)
    }

    private static func language(of folder: String) -> Language {
        let files: [String] = Folder.files(in: folder)
        if files.contains("Package.swift") { return .swift }
        let sources: [String] = files.filter { $0.hasSuffix(".c") && !$0.hasPrefix("Tests/") && !$0.hasPrefix("tests/") }
        return sources.isEmpty ? .other : .c(sources)
    }

    /// All that a change of means another build.
    var watched: [String] { Folder.files(in: folder).filter { !$0.hasPrefix("Tests/") && !$0.hasSuffix(".so") } }

    /// Puts `plugin.json` and a library where a deployment looks for plugins. Each is in place at once: a library that is in
    /// use is replaced, never written over.
    func install(_ library: String, into deployment: String) throws -> String {
        let target: String = deployment + "/plugins/" + manifest.id
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        for (from, name) in [(library, manifest.libraryFile), (folder + "/plugin.json", "plugin.json")] {
            let partial: String = target + "/.new-" + name
            try? FileManager.default.removeItem(atPath: partial)
            try FileManager.default.copyItem(atPath: URL(filePath: from).resolvingSymlinksInPath().path, toPath: partial)
            guard rename(partial, target + "/" + name) == 0 else {
                throw CRMError(.unavailable, "\(target)/\(name) could not be put in place")
            }
        }
        return target
    }
}
