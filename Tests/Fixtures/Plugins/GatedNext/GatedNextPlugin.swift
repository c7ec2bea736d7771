import PluginAPI

/// The next release of Gated: each mark has a weight, and half of them get theirs before the gate.
enum Mark: Entity {
    static let label = Field<String>("label", .searchable, .unique)
    static let weight = Field<Int?>("weight")
    static let schema = Schema("gated_mark", label, weight)
}

struct GatedNextPlugin: Plugin {
    func register(with crm: inout Registrar) {
        Gate.pass("next-register")
        crm.entity(Mark.self)
        crm.list(Mark.self, columns: [Mark.label, Mark.weight])
        crm.beforeUpgrade { _ in Gate.pass("next-question") }
        crm.migration("first marks") { transaction in
            for number in 1...200 { try transaction.insert(Mark.self) { $0[Mark.label] = "Mark \(number)" } }
        }
        crm.migration("weigh") { transaction in
            for (place, mark) in try transaction.all(Mark.self).enumerated() {
                if place == 100 { Gate.pass("next-migration") }
                var mark = mark
                mark[Mark.weight] = mark[Mark.label].utf8.count
                try transaction.save(mark)
            }
        }
        for role in [DefaultRole.salesAgent, .finance] { crm.grant(role, Mark.self, .view(), .create, .edit(.own)) }
    }
}

@_cdecl("tenon_plugin") public func tenonPlugin() -> UnsafeMutableRawPointer { exportPlugin(GatedNextPlugin()) }
