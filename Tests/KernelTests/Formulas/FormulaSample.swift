import PluginAPI

@testable import Kernel

/// Formulas over a chore with something in every field, on the second of March 2026.
struct FormulaSample {
    let registry: Registry
    let entity: EntityModel
    var record: RecordData
    var others: [RecordID: RecordData] = [:]

    init() throws {
        let chores: Composition.Part = .of("chores") { crm in
            ChoresPlugin().register(with: &crm)
            crm.function("similarity", [.text, .text], returns: .number, "How alike two texts are.") { arguments in
                .decimal(FixedDecimal(units: arguments[0] == arguments[1] ? 100 : 25, scale: 2))
            }
            crm.function("fails", [.integer], returns: .integer) { _ in throw CRMError.refused("the number is not liked") }
            crm.function("wrong", [], returns: .integer) { _ in .text("seven") }
            crm.function("or_zero", [.integer], returns: .integer, takesEmpty: true) { $0[0] == .null ? .integer(0) : $0[0] }
        }
        registry = try composed(chores)
        entity = try registry.require("chore")
        record = RecordData(id: RecordID(7), version: 1, layout: entity.layout)
        record["title"] = .text("Paint the fence")
        record["cost"] = .money(Money(minor: 12_500, .eur))
        record["hours"] = .decimal(FixedDecimal(units: 350, scale: 2))
        record["points"] = .integer(10)
        record["urgent"] = .boolean(true)
        record["due"] = .day(Day(year: 2026, month: 3, day: 31) ?? Day(number: 0))
        record["begins"] = .moment(Moment("2026-03-02T23:30:00Z") ?? Moment(milliseconds: 0))
        record["place"] = .text("garden")
        record["assigned_to"] = .integer(2)
        record["tags"] = .list([RecordID(3), RecordID(5)])
        record["after"] = .integer(8)
        var other = RecordData(id: RecordID(8), version: 1, layout: entity.layout)
        other["title"] = .text("Buy paint")
        other["points"] = .integer(4)
        others[RecordID(8)] = other
    }

    func formula(_ text: String, for purpose: FormulaTyper.Purpose = .condition) throws -> Formula {
        try Formula(text, on: entity, in: registry, for: purpose)
    }

    func frame(zone: String = "UTC") -> FormulaFrame {
        FormulaFrame(
            record, now: Moment("2026-03-02T10:00:00Z") ?? Moment(milliseconds: 0),
            calendar: DeploymentCalendar(identifier: zone) ?? .utc, currency: .eur, user: 2
        ) { [others] _, id in others[id] }
    }

    func value(_ text: String, zone: String = "UTC") throws -> Value {
        var frame = frame(zone: zone)
        return try formula(text).value(&frame)
    }

    /// The result written out, or why there is none.
    func result(_ text: String, zone: String = "UTC") -> String {
        do {
            switch try value(text, zone: zone) {
            case .null: return "nothing"
            case .text(let text): return text
            case .integer(let number): return String(number)
            case .boolean(let flag): return flag ? "yes" : "no"
            case .decimal(let number): return number.description
            case .money(let money): return money.description
            case .day(let day): return day.description
            case .moment(let moment): return moment.description
            case .list(let ids): return ids.map(\.description).joined(separator: ",")
            }
        } catch let fault as FormulaFault { return "fault: " + fault.message } catch let refusal as FormulaRefusal {
            return refusal.message
        } catch { return "\(error)" }
    }

    /// What is wrong with a text, with the hint.
    func problem(_ text: String, for purpose: FormulaTyper.Purpose = .condition) -> String {
        do {
            return "is \(try formula(text, for: purpose).kind.word)"
        } catch let refusal as FormulaRefusal {
            let hint: String = refusal.problem.hint
            return "\(refusal.position.line):\(refusal.position.column) \(refusal.problem.message)" + (hint.isEmpty ? "" : ". " + hint)
        } catch { return "\(error)" }
    }
}

private func composed(_ part: Composition.Part) throws -> Registry { try registry(part) }
