import PluginAPI

@testable import Kernel

/// Parcels, of one plugin; labels for them, of another; and a third that is told when a parcel is packed.
enum Parcel: Entity {
    static let title = Field<String>("title")
    static let grams = Field<Int>("grams", .byDefault(0))
    static let size = Field<String?>("size")
    static let schema = Schema("parcel", title, grams, size)
}

enum KnownParcel: ForeignEntity {
    static let title = Field<String>("title")
    static let grams = Field<Int>("grams")
    static let schema = Schema("parcel", title, grams)
}

enum ParcelLabel: Entity {
    static let text = Field<String>("text")
    static let schema = Schema("label", text)
}

struct ParcelPacked: HookPayload { var parcel: RecordID }
let parcelPacked = Hook<ParcelPacked>("parcel_packed")

/// Each step of it takes its own time on a stopwatch.
struct ParcelService {
    let watch: Stopwatch
    let recorder = Recorder()

    var parts: [Composition.Part] {
        let (watch, recorder) = (watch, recorder)
        return [
            .of("parcels") { crm in
                crm.entity(Parcel.self)
                crm.hook(parcelPacked, "A parcel was packed.")
                crm.prepare(Parcel.self) { change, _ in
                    watch.advance(milliseconds: 1)
                    change.new[Parcel.size] = change.new[Parcel.grams] > 1000 ? "large" : "small"
                }
                crm.validate(Parcel.self) { parcel in
                    watch.advance(milliseconds: 2)
                    return parcel[Parcel.grams] > 5000 ? [Problem(Parcel.grams, "is more than we carry")] : []
                }
                crm.onSave(Parcel.self) { change, transaction in
                    watch.advance(milliseconds: 3)
                    if change.isNew { try transaction.emit(parcelPacked, ParcelPacked(parcel: change.new.id)) }
                }
            },
            .of("labels") { crm in
                crm.entity(ParcelLabel.self)
                crm.uses(KnownParcel.self)
                crm.on(parcelPacked) { event, transaction in
                    watch.advance(milliseconds: 40)
                    let parcel = try transaction.find(KnownParcel.self, event.parcel)
                    guard parcel[KnownParcel.title] != "bomb" else { throw CRMError.refused("no labels for bombs") }
                    try transaction.insert(ParcelLabel.self) { $0[ParcelLabel.text] = "To: " + parcel[KnownParcel.title] }
                }
                crm.validate(ParcelLabel.self) { _ in
                    watch.advance(milliseconds: 20)
                    return []
                }
            },
            .of("courier") { crm in
                crm.on(parcelPacked, name: "first", priority: -5) { _, _ in watch.advance(milliseconds: 1) }
                crm.after(parcelPacked) { event, context in
                    watch.advance(milliseconds: 7)
                    recorder.note("told of \(event.parcel)")
                }
            },
        ]
    }
}
