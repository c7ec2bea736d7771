import PluginAPI

/// A parcel: leaves the house only with a weight.
enum Parcel: Entity {
    static let label = Field<String>("label", .searchable)
    static let weight = Field<Int?>("weight")
    static let isSent = Field<Bool>("is_sent", .byDefault(false))
    static let schema = Schema("parcel", label, weight, isSent)
}

struct ParcelSent: HookPayload {
    var parcel: RecordID
}

let parcelSent = Hook<ParcelSent>("parcel_sent")

/// Sends a hook when a parcel leaves, and refuses it from the listener.
struct ThrowsInHookPlugin: Plugin {
    func register(with crm: inout Registrar) {
        crm.entity(Parcel.self)
        crm.hook(parcelSent, "A parcel left.")
        crm.onSave(Parcel.self) { change, transaction in
            if change.changed(Parcel.isSent), change.new[Parcel.isSent] {
                try transaction.emit(parcelSent, ParcelSent(parcel: change.new.id))
            }
        }
        crm.on(parcelSent) { event, transaction in
            let parcel = try transaction.find(Parcel.self, event.parcel)
            if parcel[Parcel.weight] == nil { throw CRMError.refused("the parcel has no weight", hint: "Weigh it first.") }
        }
        crm.grant(.salesAgent, Parcel.self, .view(), .create, .edit())
    }
}

@_cdecl("tenon_plugin") public func tenonPlugin() -> UnsafeMutableRawPointer { exportPlugin(ThrowsInHookPlugin()) }
