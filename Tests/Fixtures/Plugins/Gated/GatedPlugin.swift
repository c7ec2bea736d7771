import PluginAPI

/// Marks, two hundred of them from the beginning: half of them are made before the gate, half behind it.
enum Mark: Entity {
    static let label = Field<String>("label", .searchable, .unique)
    static let schema = Schema("gated_mark", label)
}

struct GatedPlugin: Plugin {
    func register(with crm: inout Registrar) {
        Gate.pass("register")
        crm.entity(Mark.self)
        crm.list(Mark.self, columns: [Mark.label])
        crm.migration("first marks") { transaction in
            for number in 1...200 {
                if number == 101 { Gate.pass("migration") }
                try transaction.insert(Mark.self) { $0[Mark.label] = "Mark \(number)" }
            }
        }
        for role in [DefaultRole.salesAgent, .finance] { crm.grant(role, Mark.self, .view(), .create, .edit(.own)) }
    }
}

@_cdecl("tenon_plugin") public func tenonPlugin() -> UnsafeMutableRawPointer { exportPlugin(GatedPlugin()) }
