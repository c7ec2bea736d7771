import PluginAPI

enum Parcel: Entity {
    static let label = Field<String>("label")
    static let schema = Schema("parcel", label)
}

struct Sent: HookPayload {
    var parcel: RecordID
}

/// Brings an entity and a hook that another plugin has already.
struct TakenNamePlugin: Plugin {
    func register(with crm: inout Registrar) {
        crm.entity(Parcel.self)
        crm.hook(Hook<Sent>("parcel_sent"))
    }
}

@_cdecl("tenon_plugin") public func tenonPlugin() -> UnsafeMutableRawPointer { exportPlugin(TakenNamePlugin()) }
