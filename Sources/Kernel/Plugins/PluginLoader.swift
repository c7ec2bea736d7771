import CCrash
import FoundationEssentials
import Glibc
import PluginAPI
import Synchronization

/// Brings a plugin's library into the process and has it register. A library stays loaded until the process ends: switching
/// a plugin on again takes what it registered the first time.
final class PluginLoader: Sendable {
    private struct State {
        var inspector: PluginInspector?
        var loaded: [String: (path: String, contributions: Contributions)] = [:]
    }

    private let state = Mutex(State())

    /// What a plugin registers. Throws `refused` with all reasons before anything of an unfit library runs.
    func load(_ entry: PluginCatalogue.Entry) throws -> Contributions {
        if let refusal = entry.manifest.apiRefusal { throw refusal }
        return try state.withLock { state in
            if let known = state.loaded[entry.id] {
                if known.path == entry.libraryPath { return known.contributions }
                throw CRMError(
                    .refused, "the plugin \(entry.id) was loaded from \(known.path), and is now in \(entry.folder)",
                    hint: "Restart the product to load it from its new place.")
            }
            try inspect(entry, &state)
            // Its constructors, its entry and its registration: code of the plugin all of it.
            let site = CallSite.of(entry.id, .register, "library")
            let contributions: Contributions = try CallSlots.shared.holding(site) { try open(entry) }
            state.loaded[entry.id] = (entry.libraryPath, contributions)
            return contributions
        }
    }

    /// Whether a plugin can be taken from a place without loading another version of it beside one that runs.
    func accepts(_ entry: PluginCatalogue.Entry) -> Bool {
        state.withLock { $0.loaded[entry.id].map { $0.path == entry.libraryPath } ?? true }
    }

    /// Whether nothing of a plugin has been brought into the process yet.
    func isNew(_ entry: PluginCatalogue.Entry) -> Bool { state.withLock { $0.loaded[entry.id]?.path != entry.libraryPath } }

    /// Lets another version of a plugin be loaded beside one that was given up before it did anything.
    func release(_ id: String) { state.withLock { $0.loaded[id] = nil } }

    /// What a plugin registered earlier in this process, or nil.
    func contributions(of id: String) -> Contributions? { state.withLock { $0.loaded[id]?.contributions } }

    private func inspect(_ entry: PluginCatalogue.Entry, _ state: inout State) throws {
        guard FileManager.default.fileExists(atPath: entry.libraryPath) else { throw KeptCopies.missing(entry) }
        let inspector: PluginInspector
        if let known = state.inspector {
            inspector = known
        } else {
            do { inspector = PluginInspector(host: try HostLibraries()) } catch {
                throw CRMError(.unavailable, "this process cannot load plugins: \(error.message)")
            }
            state.inspector = inspector
        }
        let refusals: [PluginRefusal] = inspector.inspect(entry.libraryPath, expecting: entry.manifest.expectation)
        guard let first = refusals.first else { return }
        throw CRMError(
            .refused, refusals.map(\.message).joined(separator: "; "), hint: first.hint,
            problems: refusals.map { .difference($0.field.rawValue, plugin: $0.plugin, host: $0.host) })
    }

    private func open(_ entry: PluginCatalogue.Entry) throws -> Contributions {
        // Known before its first instruction: constructors run while it is loaded, and may crash.
        _ = tenon_crash_note_plugin(entry.id, entry.manifest.version.description, entry.libraryPath)
        if let foreign = entry.manifest.foreign {
            return try ForeignLibrary(path: entry.libraryPath, plugin: entry.id, foreign).contributions()
        }
        guard let library = dlopen(entry.libraryPath, RTLD_NOW | RTLD_LOCAL) else {
            throw CRMError(.refused, "the library of the plugin \(entry.id) cannot be loaded: \(Self.lastProblem)")
        }
        guard let symbol = dlsym(library, PluginExpectation.entrySymbol) else {
            throw CRMError(.refused, "the library of the plugin \(entry.id) has no function \(PluginExpectation.entrySymbol)")
        }
        // NB: the only way to call what dlsym found; the inspection has made sure that the symbol is there, and a plugin
        // gets it from the one line that PluginAPI prescribes.
        let entryFunction = unsafeBitCast(symbol, to: (@convention(c) () -> UnsafeMutableRawPointer).self)
        let box: PluginBox = Unmanaged<PluginBox>.fromOpaque(entryFunction()).takeRetainedValue()
        var registrar = Registrar()
        box.plugin.register(with: &registrar)
        return registrar.contributions
    }

    private static var lastProblem: String { dlerror().map { String(cString: $0) } ?? "no reason was given" }
}
