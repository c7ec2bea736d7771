import PluginAPI

/// Loads, works in most cases, and breaks the rules of the house: the compatibility tests must see each of them.
struct BreaksRulesPlugin: Plugin {
    struct Failure: Error {}

    func register(with crm: inout Registrar) {
        crm.entity(Wreck.self)
        crm.validate(Wreck.self) { wreck in
            // Names a field that is not there.
            wreck[Wreck.name].unicodeScalars.contains("🦊") ? [Problem(field: "colour", "is not for foxes")] : []
        }
        crm.prepare(Wreck.self) { change, _ in
            if change.new[Wreck.depth] < 0 { throw Failure() }
        }
        crm.prepare(Wreck.self) { change, _ in
            if change.isNew, change.new[Wreck.note] == nil { throw CRMError.refused("a wreck needs a note") }
        }
        crm.action(Salvage.self)
        crm.hook(wreckSeen)
        crm.on(Wreck.created) { event, transaction in try transaction.emit(wreckSeen, WreckSeen(wreck: event.record)) }
        crm.after(wreckSeen) { _, _ in throw Failure() }
        crm.job("breaks-rules.grow", .onDemand) { context in
            // Asks for files without having declared it, and tells nobody that it was refused.
            _ = try? await context.files.list()
            try await context.write { transaction in
                _ = try transaction.insert(Wreck.self) { wreck in
                    wreck[Wreck.name] = "Another one"
                    wreck[Wreck.note] = "Made by a job."
                }
            }
        }
        crm.setting(Setting<Int>("breaks-rules.depth", " ", default: 900, .range(1...10)))
        crm.route(.get, "sink", requires: .anyUser) { _, _ in throw Failure() }
        crm.metric("breaks-rules.wrecks", " ", over: Wreck.self, .count)
        // Nobody is granted anything.
    }
}

/// A thing at the bottom of the sea.
enum Wreck: Entity {
    static let name = Field<String>("name", .maxLength(80), .searchable)
    static let depth = Field<Int>("depth", .byDefault(7), .label(" "))
    static let note = Field<String?>("note")
    static let schema = Schema("wreck", name, depth, note)
}

let wreckSeen = Hook<WreckSeen>("wreck_seen")

struct WreckSeen: HookPayload {
    var wreck: RecordID
}

enum Salvage: Action {
    typealias Target = Wreck
    static let name = "salvage"
    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws { throw BreaksRulesPlugin.Failure() }
}

@_cdecl("tenon_plugin") public func tenonPlugin() -> UnsafeMutableRawPointer { exportPlugin(BreaksRulesPlugin()) }
