import PluginAPI
import Testing

@testable import Kernel

@Suite struct CustomFieldTests {
    @Test func `a custom field is there at once, keeps its data when removed, and loses it when purged`() async throws {
        let deployment = try Deployment("ThrowsInHook")
        let running: Deployment.Running = try await deployment.start()
        var definition = CustomFieldDefinition(kind: "money", label: "Insured for")
        try await running.host.addField("insured", to: "parcel", definition, by: running.administrator)
        #expect(running.store.registry.entity("parcel")?.field("insured")?.label == "Insured for")
        let value = Value.money(Money(minor: 5000, .eur))
        let parcel: RecordData = try await running.store.write(as: running.administrator) { transaction in
            var parcel: RecordData = try transaction.blank("parcel")
            parcel["label"] = .text("Vase")
            parcel["insured"] = value
            return try transaction.save("parcel", parcel)
        }
        try await running.host.removeField("insured", of: "parcel", by: running.administrator)
        #expect(running.store.registry.entity("parcel")?.field("insured") == nil)
        #expect(try await Self.value(parcel.id, running) == .null)

        let again: Deployment.Running = try await deployment.start()
        #expect(try await again.host.removedFields().map(\.name) == ["insured"])
        definition.label = "Insurance"
        try await again.host.addField("insured", to: "parcel", definition, by: again.administrator)
        #expect(again.store.registry.entity("parcel")?.field("insured")?.label == "Insurance")
        #expect(try await Self.value(parcel.id, again) == value)

        try await again.host.removeField("insured", of: "parcel", by: again.administrator)
        try await again.host.purgeField("insured", of: "parcel", by: again.administrator)
        let columns: Set<String> = try await again.store.engine.read { try $0.columns(of: "parcel") }
        #expect(columns.isDisjoint(with: ["insured", "insured_currency"]))
        #expect(try await again.host.removedFields().isEmpty)
    }

    @Test func `a searchable custom field is found by search, and old records still are`() async throws {
        let running: Deployment.Running = try await Deployment("ThrowsInHook").start()
        _ = try await PluginHostTests.parcel(running)
        var definition = CustomFieldDefinition(kind: "text")
        definition.searchable = true
        try await running.host.addField("contents", to: "parcel", definition, by: running.administrator)
        _ = try await running.store.write(as: running.administrator) { transaction in
            var parcel: RecordData = try transaction.blank("parcel")
            parcel["label"] = .text("Box")
            parcel["contents"] = .text("porcelain")
            return try transaction.save("parcel", parcel)
        }
        for (text, label) in [("rcela", "Box"), ("ook", "Books")] {
            let found: [RecordData] = try await running.store.read(as: running.administrator) {
                try $0.all("parcel", where: .search(text), sort: [], limit: 10)
            }
            #expect(found.map { $0["label"] } == [.text(label)])
        }
    }

    @Test(arguments: [
        ("weight", "text", "parcel has a field weight from the plugin throws-in-hook"),
        ("Bad-Name", "text", "use small letters, digits and single underscores, beginning with a letter, 40 characters at most"),
        ("version", "text", "has a name that belongs to the kernel"),
        ("colour", "colour", "there is no kind colour; there are text, multiline, email, phone, url, color, integer, boolean, decimal, money, day, moment, choice, reference, references, formula"),
        ("place", "choice", "a choice needs options"),
        ("place", "reference", "name the entity that it points at"),
    ])
    func `a custom field that cannot be is refused with the reason`(name: String, kind: String, message: String) async throws {
        let running: Deployment.Running = try await Deployment("ThrowsInHook").start()
        let refusal: CRMError? = await #expect(throws: CRMError.self) {
            try await running.host.addField(name, to: "parcel", CustomFieldDefinition(kind: kind), by: running.administrator)
        }
        #expect(refusal?.code == .invalid)
        #expect(refusal?.problems.map(\.message) == [message])
    }

    @Test func `a removed field does not come back with another type`() async throws {
        let running: Deployment.Running = try await Deployment("ThrowsInHook").start()
        try await running.host.addField("height", to: "parcel", CustomFieldDefinition(kind: "integer"), by: running.administrator)
        try await running.host.removeField("height", of: "parcel", by: running.administrator)
        let refusal: CRMError? = await #expect(throws: CRMError.self) {
            try await running.host.addField("height", to: "parcel", CustomFieldDefinition(kind: "text"), by: running.administrator)
        }
        #expect(refusal?.message == "the custom field parcel.height holds a whole number, not text")
    }

    private static func value(_ id: RecordID, _ running: Deployment.Running) async throws -> Value? {
        try await running.store.read(as: running.administrator) { try $0.find("parcel", id)?["insured"] }
    }
}
