import PluginAPI
import Testing

@testable import Kernel

/// Something that names fields of chores.
enum Checklist: Entity {
    static let name = Field<String>("name")
    static let needs = Field<String?>("needs", .fieldNames(of: Chore.self))
    static let schema = Schema("checklist", name, needs)
}

struct ChecklistsPlugin: Plugin {
    func register(with crm: inout Registrar) { crm.entity(Checklist.self) }
}

@Suite struct FieldNamesTests {
    private func household() async throws -> Household { try await Household(with: .of("checklists", ChecklistsPlugin())) }

    @Test func `a field that names fields keeps them once each, in the order given`() async throws {
        let household = try await household()
        let id = try await household.add("checklist", ["name": .text("a"), "needs": .text(" due , cost,,due,")])
        #expect(try await household.read { try $0.find("checklist", id)?["needs"] } == .text("due,cost"))
        let none = try await household.add("checklist", ["name": .text("b"), "needs": .text(" , ")])
        #expect(try await household.read { try $0.find("checklist", none)?["needs"] } == .null)
    }

    @Test func `a name that is no field is refused by name, and so is one that nobody fills in`() async throws {
        let household = try await household()
        for (text, word) in [("due,colour", "\"colour\""), ("score", "\"score\""), ("created_at", "\"created_at\""), ("id", "\"id\"")] {
            let refusal = await failure { try await household.add("checklist", ["name": .text("a"), "needs": .text(text)]) }
            #expect(refusal?.problems.map(\.field) == ["needs"], "\(text)")
            #expect(refusal?.problems.first?.message.contains(word) == true, "\(text): \(refusal?.problems ?? [])")
        }
    }

    @Test func `a record tells which of the named fields are empty, and forgets names of fields that are gone`() async throws {
        let household = try await household()
        let chore = try await household.chore("a", ["due": .day("2026-03-31"), "urgent": .boolean(false)])
        let empty = try await household.read { tx in
            let record = try Record<Chore>(tx.require(tx.registry.require("chore"), chore))
            return try tx.transaction.emptyFields(of: record, among: "due,cost,gone,urgent,notes").map(\.label)
        }
        #expect(empty == ["Cost", "Notes"])
    }

    @Test func `the form shows the fields as ticks, with those that are named ticked`() async throws {
        let household = try await household()
        let id = try await household.add("checklist", ["name": .text("a"), "needs": .text("due,cost")])
        let html = try await household.read { tx in
            let entity = try tx.registry.require("checklist")
            let record = try tx.require(entity, id)
            return String(decoding: try FieldForm(tx).controls(entity.fields.filter { $0.name == "needs" }) { record.values[$0.place] }.bytes, as: UTF8.self)
        }
        #expect(html.contains("<input type=\"checkbox\" name=\"needs\" value=\"due\" checked>Due"))
        #expect(html.contains("<input type=\"checkbox\" name=\"needs\" value=\"hours\">Hours"))
        #expect(!html.contains("value=\"score\""))
        let sent = try FormBody(query: "needs=&needs=hours&needs=due")
        let values = try await household.read { tx in
            try FieldForm.values(sent, tx.registry.require("checklist").fields.filter { $0.name == "needs" }, tx).map(\.value)
        }
        #expect(values == [.text("hours,due")])
    }
}
