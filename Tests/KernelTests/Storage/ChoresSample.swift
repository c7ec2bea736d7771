import PluginAPI
import Synchronization

@testable import Kernel

/// A module with every type of field, for the tests of the store and of the JSON front.
enum Step: Entity {
    static let name = Field<String>("name", .maxLength(40), .unique)
    static let position = Field<Int>("position", .byDefault(0))
    static let color = Field<String?>("color", .color)
    static let schema = Schema("step", name, position, color).lookup()
}

enum Tag: Entity {
    static let name = Field<String>("name")
    static let family = Field<String?>("family")
    static let schema = Schema("tag", name, family).unique(together: family, name)
}

enum Place: String, Choice { case home, garden, town }

enum Chore: Entity {
    static let title = Field<String>("title", .maxLength(60), .searchable)
    static let code = Field<String?>("code", .unique)
    static let email = Field<String?>("contact_email", .email)
    static let step = Field<Reference<Step>?>("step")
    static let owner = Field<Reference<User>?>("assigned_to", .owner)
    static let cost = Field<Money?>("cost")
    static let hours = Field<FixedDecimal?>("hours", .scale(2))
    static let points = Field<Int?>("points")
    static let grade = Field<Int?>("grade", .range(1...5))
    static let urgent = Field<Bool>("urgent", .toggle)
    static let due = Field<Day?>("due")
    static let begins = Field<Moment?>("begins")
    static let place = Field<Place?>("place", .byDefault(Place.home))
    static let tags = Field<References<Tag>>("tags", .whenTargetIsDeleted(.clear))
    static let after = Field<Reference<Chore>?>("after", .whenTargetIsDeleted(.clear))
    static let notes = Field<String?>("notes", .multiline, .searchable)
    static let secret = Field<String?>("secret", .searchable)
    static let score = Field<Int?>("score", .readOnly)
    static let schema = Schema(
        "chore", title, code, email, step, owner, cost, hours, points, grade, urgent, due, begins, place, tags, after, notes, secret, score)
}

enum Remark: Entity {
    static let text = Field<String>("text")
    static let chore = Field<Reference<Chore>>("chore", .whenTargetIsDeleted(.cascade))
    static let answers = Field<Reference<Remark>?>("answers", .whenTargetIsDeleted(.cascade))
    static let schema = Schema("remark", text, chore, answers)
}

/// A chore as another module sees it.
enum ForeignChore: ForeignEntity {
    static let title = Field<String>("title")
    static let schema = Schema("chore", title)
}

enum Receipt: Entity {
    static let name = Field<String>("name")
    static let chore = Field<Reference<ForeignChore>>("chore")
    static let schema = Schema("receipt", name, chore)
}

struct ChoreDone: HookPayload { var chore: RecordID }
let choreDone = Hook<ChoreDone>("chore_done")

/// Ends a chore: with a note, and only while it is in no step.
enum EndChore: Action {
    typealias Target = Chore
    static let name = "end"
    static let reason = Field<String>("reason", .maxLength(20))
    static let step = Field<Reference<Step>?>("end_step")
    static let withRemark = Field<Bool?>("with_remark")
    static let remark = Field<String?>("remark", .shown(when: withRemark, is: true))
    static let form = Form<Self>(reason, step, withRemark, remark)

    static func isAvailable(_ record: Record<Chore>) -> Bool { record[Chore.points] != 0 }
    static func prefill(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        call[reason] = "done: " + call.record[Chore.title].prefix(5)
    }
    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        var chore = call.record
        chore[Chore.points] = 0
        chore[Chore.notes] = call[reason]
        try transaction.save(chore)
        if let text = call[remark] {
            let made = try transaction.insert(Remark.self) { remark in
                remark[Remark.text] = text
                remark[Remark.chore] = Reference(chore.id)
            }
            call.results["remark"] = .integer(made.id.raw)
        }
        try transaction.emit(choreDone, ChoreDone(chore: chore.id))
        call.message = "The chore has ended."
    }
}

/// Another module's part of the action.
enum BillEndedChore: ActionExtension {
    typealias Target = ForeignChore
    static let action = "end"
    static let bill = Field<Bool?>("bill")
    static let name = Field<String?>("bill_name", .shown(when: bill, is: true))
    static let form = Form<Self>(bill, name)

    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        guard call[bill] == true else { return }
        if call[name] == "nobody" { throw CRMError.refused("nobody gets no receipt") }
        try transaction.insert(Receipt.self) { receipt in
            receipt[Receipt.name] = call[name] ?? "for " + call.record[ForeignChore.title]
            receipt[Receipt.chore] = Reference(call.record.id)
        }
    }
}

struct ChoresPlugin: Plugin {
    /// What rules and reactions note, in order.
    let log: Journal

    init(log: Journal = Journal()) { self.log = log }

    func register(with crm: inout Registrar) {
        crm.entity(Step.self)
        crm.entity(Tag.self)
        crm.entity(Chore.self)
        crm.entity(Remark.self)
        crm.list(Chore.self, columns: [Chore.title, Chore.step, Chore.cost], filters: [Chore.step, Chore.owner])
        crm.board(Chore.self, by: Chore.step, card: [Chore.title, Chore.owner], sum: Chore.cost)
        crm.hook(choreDone, "A chore has ended.")
        crm.action(EndChore.self)
        crm.panel(Chore.self, "worth", "What it is worth") { chore, transaction in
            switch chore[Chore.title] {
            case "broken panel": throw CRMError.refused("this panel does not work today")
            case "secret panel": throw CRMError(.forbidden, "not for you")
            case "writing panel": try transaction.insert(Step.self) { $0[Step.name] = "made by a panel" }
            default: break
            }
            guard let points = chore[Chore.points] else { return Panel() }
            return Panel(
                "It counts \(points) points.", columns: ["Part", .number("Points"), "Waits for", "Done by", "Took"],
                rows: [
                    ["The chore itself", .number(points), .record(chore[Chore.after]), .record(chore[Chore.owner]), .duration(seconds: 97_200)],
                    [.text("Costs"), .value(chore[Chore.cost]), .empty, .empty, .empty],
                ])
        }
        crm.prepare(Chore.self) { [log] change, _ in
            log.note("prepare")
            if change.new[Chore.title] == "blank notes" { change.new[Chore.notes] = "filled in" }
        }
        crm.prepare(Chore.self, priority: -1) { [log] _, _ in log.note("prepare early") }
        crm.validate(Chore.self) { [log] chore in
            log.note("validate")
            return chore[Chore.title] == "forbidden" ? [Problem(Chore.title, "may not be called so")] : []
        }
        crm.validateChange(Chore.self) { change in
            change.old?[Chore.points] == 0 && change.new[Chore.points] != 0 ? [Problem(Chore.points, "cannot begin again")] : []
        }
        crm.onSave(Chore.self) { [log] change, transaction in
            log.note("onSave " + (change.isNew ? "new" : "changed"))
            switch change.new[Chore.title] {
            case "refused": throw CRMError.refused("this chore is refused", hint: "Choose another title.")
            case "endless":
                var next = change.new
                next[Chore.points] = (next[Chore.points] ?? 0) + 1
                try transaction.save(next)
            case "echo": try transaction.emit(choreDone, ChoreDone(chore: change.new.id))
            default: break
            }
        }
        crm.onDelete(Chore.self) { [log] chore, _ in
            log.note("onDelete")
            if chore[Chore.title] == "kept" { throw CRMError.refused("this chore is kept") }
        }
        crm.on(choreDone) { [log] event, transaction in
            log.note("listener")
            let chore = try transaction.find(Chore.self, event.chore)
            if chore[Chore.title] == "echo" { try transaction.emit(choreDone, event) }
        }
        crm.after(choreDone) { _, _ in }
        crm.after(Chore.created) { _, _ in }
    }
}

struct ReceiptsPlugin: Plugin {
    func register(with crm: inout Registrar) {
        crm.entity(Receipt.self)
        crm.uses(ForeignChore.self)
        crm.extend(BillEndedChore.self)
    }
}

/// Notes in order, from any thread.
final class Journal: Sendable {
    private let lines = Mutex<[String]>([])
    var entries: [String] { lines.withLock { $0 } }
    func note(_ line: String) { lines.withLock { $0.append(line) } }
    func clear() { lines.withLock { $0 = [] } }
}
