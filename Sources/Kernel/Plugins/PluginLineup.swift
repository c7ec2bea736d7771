import PluginAPI

/// The plugins that can run together, in load order, and what keeps the others out.
struct PluginLineup {
    struct Failure: Sendable {
        let state: PluginState
        let error: CRMError

        /// The fact as it is recorded and shown.
        var reason: String {
            let more: [String] = error.problems.filter { !$0.isDifference && !error.message.contains($0.message) }.map(\.message)
            return more.isEmpty ? error.message : error.message + ": " + more.joined(separator: "; ")
        }
    }

    /// The kernel's own part first.
    private(set) var parts: [Composition.Part] = []
    /// Where the plugins of the parts were found, by id.
    private(set) var entries: [String: PluginCatalogue.Entry] = [:]
    private(set) var failures: [String: Failure]
    /// What each plugin may do, by id.
    private var approved: [String: PluginManifest.Capabilities] = [:]

    /// Nothing but the kernel's own part.
    init() {
        parts = [Self.kernel]
        failures = [:]
    }

    /// Loads, has them register and checks, leaving out one after the other what does not fit. `failures` are those known
    /// beforehand.
    init(
        _ wanted: [PluginCatalogue.Entry], loader: PluginLoader, installed: Set<String>, fields: [CustomField],
        failures: [String: Failure] = [:], approved: [String: PluginManifest.Capabilities] = [:]
    ) throws {
        self.approved = approved
        self.failures = failures
        var candidates: [PluginCatalogue.Entry] = wanted.filter { failures[$0.id] == nil }
        while true {
            let count: Int = self.failures.count
            parts = load(candidates, loader, installed)
            if self.failures.count == count {
                try check(fields)
                if self.failures.count == count { return }
            }
            candidates.removeAll { self.failures[$0.id] != nil }
        }
    }

    private mutating func load(
        _ candidates: [PluginCatalogue.Entry], _ loader: PluginLoader, _ installed: Set<String>
    ) -> [Composition.Part] {
        let order = LoadOrder(candidates.map(\.manifest), installed: installed, failed: Set(failures.keys))
        for (id, reason) in order.reasons {
            failures[id] = Failure(
                state: .failed, error: CRMError(.refused, reason, problems: [Problem(field: "requires", String(reason.dropFirst("requires ".count)))]))
        }
        entries = Dictionary(uniqueKeysWithValues: candidates.map { ($0.id, $0) })
        var parts: [Composition.Part] = [Self.kernel]
        for entry in order.ids.compactMap({ entries[$0] }) {
            do {
                parts.append(Self.part(entry.manifest, try loader.load(entry), approved[entry.id]))
            } catch {
                let known = error as? CRMError ?? CRMError(.refused, "the plugin \(entry.id) cannot be loaded", cause: error)
                failures[entry.id] = Failure(state: .refused, error: known)
            }
        }
        return parts
    }

    /// The same without some plugins.
    func without(_ ids: Set<String>) -> PluginLineup {
        var rest: PluginLineup = self
        rest.parts.removeAll { ids.contains($0.id) }
        for id in ids {
            rest.entries[id] = nil
            rest.failures[id] = nil
        }
        return rest
    }

    /// The same, with the failures of plugins that were not tried this time.
    func keeping(failures earlier: [String: Failure]) -> PluginLineup {
        var all: PluginLineup = self
        for (id, failure) in earlier where !all.has(id) { all.failures[id] = failure }
        return all
    }

    /// Failures that are over.
    mutating func forget(failures ids: [String]) {
        for id in ids { failures[id] = nil }
    }

    func has(_ id: String) -> Bool { parts.contains { $0.id == id } }

    /// The plugins that cannot do without one, directly or by way of others, in load order.
    func dependents(of id: String) -> [String] {
        var found: Set<String> = [id]
        // Load order has what is required before what requires it, so that one pass sees all.
        for part in parts where entries[part.id]?.manifest.requires.contains(where: found.contains) ?? false {
            found.insert(part.id)
        }
        return parts.map(\.id).filter { found.contains($0) && $0 != id }
    }

    private mutating func check(_ fields: [CustomField]) throws {
        let problems: [PluginProblem] = CompositionChecks.problems(in: Composition(parts: parts, customFields: fields))
        for (id, own) in Dictionary(grouping: problems, by: \.plugin) {
            let error = CRMError(
                .refused, "the plugin \(id) does not fit into this deployment", hint: own.first { !$0.hint.isEmpty }?.hint ?? "",
                problems: own.map { Problem(field: "", $0.message) })
            // The kernel's part fits by itself; what remains is a custom field in the way of a newer release.
            if id == Composition.kernel { throw error }
            failures[id] = Failure(state: .failed, error: error)
        }
    }

    private static func part(
        _ manifest: PluginManifest, _ contributions: Contributions, _ approved: PluginManifest.Capabilities?
    ) -> Composition.Part {
        Composition.Part(
            id: manifest.id, name: manifest.name, version: manifest.version.description, optional: manifest.optional,
            contributions: contributions, approved: approved ?? .init(), foreign: manifest.foreign)
    }

    /// What the kernel itself contributes.
    static let kernel: Composition.Part = {
        var registrar = Registrar()
        SystemPlugin().register(with: &registrar)
        return Composition.Part(
            id: Composition.kernel, name: "Kernel", version: "\(PluginAPIVersion.major).\(PluginAPIVersion.minor)", optional: [],
            contributions: registrar.contributions)
    }()
}
