import PluginAPI

/// What a foreign plugin offers: the part `foreign` of its `plugin.json`. A manifest that has it is that of a foreign plugin.
struct ForeignInterface: Sendable, Hashable {
    /// A function that formulas may call.
    struct Function: Sendable, Hashable {
        /// Its name in formulas.
        let name: String
        let summary: String
        let signature: ForeignSignature
    }

    /// A field of a record that the payload of a hook names.
    struct Place: Sendable, Hashable {
        let entity: String
        let field: String
        /// The member of the payload that holds the record's id.
        let member: String
    }

    /// Where an argument of a handler comes from.
    enum Source: Sendable, Hashable {
        case payload(String)
        case field(Place)
    }

    /// A function that is called when a hook is sent.
    struct Handler: Sendable, Hashable {
        enum When: String, Sendable {
            /// In the transaction that sends it.
            case during = "in"
            /// When that is stored.
            case after
        }

        let hook: String
        let signature: ForeignSignature
        /// One for each parameter.
        let sources: [Source]
        /// The field that its result is stored in.
        let sets: Place?
        let when: When
        /// Lower is called earlier.
        let priority: Int
    }

    var functions: [Function] = []
    var handlers: [Handler] = []
    /// The C function that takes back the texts that the others return; without it they stay the plugin's.
    var frees: String?
    /// The most bytes that a text may have on its way in or out.
    var longestText = Self.usualText

    static let usualText = 65_536
    static let longestTexts = 1...1_048_576

    /// The C functions that the library must have, each once, in order.
    var symbols: [String] {
        var seen: Set<String> = []
        let all: [String] = functions.map(\.signature.symbol) + handlers.map(\.signature.symbol) + (frees.map { [$0] } ?? [])
        return all.filter { seen.insert($0).inserted }
    }

    /// The entities that handlers read and write without the manifest asking for it.
    func undeclared(in capabilities: PluginManifest.Capabilities) -> [Problem] {
        var problems: [Problem] = []
        func require(_ entity: String, _ key: String, _ declared: [String], _ path: String) {
            guard !declared.contains(entity) else { return }
            problems.append(Problem(field: path, "needs the entity \(entity), which capabilities.\(key) does not name"))
        }
        for (index, handler) in handlers.enumerated() {
            let path = "foreign.handlers[\(index)]"
            for (place, source) in handler.sources.enumerated() {
                guard case .field(let field) = source, !Self.openToAll.contains(field.entity) else { continue }
                require(field.entity, "reads", capabilities.reads + capabilities.writes, "\(path).parameters[\(place)].field")
            }
            if let sets = handler.sets { require(sets.entity, "writes", capabilities.writes, path + ".sets") }
        }
        return problems
    }

    /// What every plugin may read.
    private static let openToAll: Set<String> = ["user", "team"]
}
