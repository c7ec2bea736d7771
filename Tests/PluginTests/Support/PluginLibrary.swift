import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// The libraries of the plugins in the tree, as the build left them beside the tests.
enum PluginLibrary {
    static let names: [String: String] = ["customers": "Customers", "leads": "Leads", "deals": "Deals"]

    /// Loads a plugin's library as the host does and takes the plugin out of it.
    static func plugin(_ id: String) throws -> any Plugin {
        let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let path = folder.appendingPathComponent("lib\(try #require(names[id])).so").path
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            throw CRMError(.internalError, "cannot load \(path): \(dlerror().map { String(cString: $0) } ?? "")")
        }
        typealias Entry = @convention(c) () -> UnsafeMutableRawPointer
        let entry = unsafeBitCast(try #require(dlsym(handle, "tenon_plugin")), to: Entry.self)
        return Unmanaged<PluginBox>.fromOpaque(entry()).takeRetainedValue().plugin
    }

    /// What the plugin's own manifest asks for.
    static func capabilities(_ id: String) throws -> PluginManifest.Capabilities {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appendingPathComponent("Plugins/\(try #require(names[id]))/plugin.json")
        return try PluginManifest(json: Array(Data(contentsOf: file))).capabilities
    }

    static func part(_ id: String) throws -> Composition.Part {
        var registrar = Registrar()
        try plugin(id).register(with: &registrar)
        return Composition.Part(
            id: id, name: id, version: "1.0.0", optional: id == "deals" ? ["leads"] : [], contributions: registrar.contributions,
            approved: try capabilities(id))
    }
}
