import FoundationEssentials

#if canImport(Glibc)
import Glibc
#endif

/// A plugin to be tested: its `plugin.json` and its library.
public struct PluginPackage: Sendable {
    /// The folder with `plugin.json`, README and `Tests/Released`.
    public let folder: String
    /// The library's file.
    public let library: String
    /// What `plugin.json` says.
    public let manifest: JSON

    /// The plugin's id.
    public var id: String { manifest["id"].text }
    /// The plugins that it requires.
    public var requires: [String] { manifest["requires"].texts }

    /// The plugin in whose package a test stands: the nearest folder above with a `plugin.json`.
    public static func here(_ file: String = #filePath) throws -> PluginPackage {
        var folder = URL(filePath: file)
        repeat {
            folder = folder.deletingLastPathComponent()
            if access(folder.path + "/plugin.json", R_OK) == 0 { return try PluginPackage(folder: folder.path) }
        } while folder.path != "/" && !folder.path.isEmpty
        throw HostProblem("no folder above \(file) has a plugin.json")
    }

    /// A plugin by its folder. The library stands in it, beside the running tests (where the build leaves it), or in the folder's
    /// own build folder.
    public init(folder: String, library: String? = nil) throws {
        guard let json = FileManager.default.contents(atPath: folder + "/plugin.json") else {
            throw HostProblem("there is no \(folder)/plugin.json")
        }
        let manifest = try JSON(parsing: Array(json))
        let name = manifest["library"].text
        let file = name.hasSuffix(".so") ? name : "lib\(name).so"
        let tests = URL(filePath: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/")
        let places = [
            folder, tests.deletingLastPathComponent().path, folder + "/.build/debug", folder + "/.build/release",
        ].map { $0 + "/" + file }
        guard let library = library ?? places.first(where: { access($0, R_OK) == 0 }) else {
            throw HostProblem("the library of the plugin in \(folder) is not built: looked for \(places.joined(separator: ", "))")
        }
        self.folder = folder
        self.library = library
        self.manifest = manifest
    }

    /// Copies the plugin into a folder of plugins, as an installation does.
    func install(into plugins: String) throws {
        let target = plugins + "/" + id
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        for (from, name) in [(folder + "/plugin.json", "plugin.json"), (library, URL(filePath: library).lastPathComponent)] {
            let destination = target + "/" + name
            try? FileManager.default.removeItem(atPath: destination)
            try FileManager.default.copyItem(atPath: URL(filePath: from).resolvingSymlinksInPath().path, toPath: destination)
        }
    }
}
