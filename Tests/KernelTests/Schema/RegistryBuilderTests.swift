import PluginAPI
import Testing

@testable import Kernel

@Suite(.serialized) struct RegistryBuilderTests {
    @Test func `a reference to a plugin that is switched off keeps its place but is in no list, view or link`() throws {
        let without: EntityModel = try #require(try registry(.desk).entity("ticket"))
        let with: EntityModel = try #require(try registry(.projects, .desk).entity("ticket"))
        #expect(without.fields.map(\.name) == with.fields.map(\.name))
        #expect(without.field("project")?.isStored == false)
        #expect(without.storedFields.map(\.name).contains("project") == false)
        #expect(without.list.columns == ["title", "closed"])
        #expect(without.list.filters == [])
        #expect(without.presets.isEmpty)
        #expect(with.list.columns == ["title", "project", "closed"])
        #expect(with.presets.map(\.title) == ["Without a project"])
        let links: [Registry.Link] = try registry(.projects, .desk).links["project"] ?? []
        #expect(links.map(\.entity.name) == ["ticket"])
    }

    @Test func `keys of another plugin's entity are bound to that entity's places`() throws {
        let model: EntityModel = try #require(try registry(.projects, .desk).entity("project"))
        #expect(ForeignProject.phase.slot.place == model.field("phase")?.place)
        #expect(ForeignProject.name.slot.place == model.field("name")?.place)
        let user: FieldModel? = try registry().entity("user")?.field("email")
        #expect(User.email.slot.place == user?.place)
    }

    @Test func `custom fields stand last and are fields like any other`() throws {
        var definition = CustomFieldDefinition(kind: "decimal", label: "Risk")
        definition.scale = 3
        let field = CustomField(id: 1, entity: "ticket", name: "risk", definition: definition)
        let model: EntityModel = try #require(try registry(.desk, customFields: [field]).entity("ticket"))
        let risk: FieldModel = try #require(model.fields.last)
        #expect(risk.name == "risk")
        #expect(risk.type == .decimal(scale: 3))
        #expect(risk.description.isCustom)
        #expect(model.sections.flatMap(\.fields).contains("risk"))
    }

    @Test func `what runs at one point runs by priority, then by dependency, then as registered`() throws {
        let first = Composition.Part.of("first") { crm in
            crm.entity(Ticket.self)
            crm.validate(Ticket.self, priority: 5) { _ in [Problem(field: "", "first late")] }
            crm.validate(Ticket.self) { _ in [Problem(field: "", "first a")] }
            crm.validate(Ticket.self) { _ in [Problem(field: "", "first b")] }
        }
        let second = Composition.Part.of("second") { crm in
            crm.validate(Ticket.self) { _ in [Problem(field: "", "second")] }
            crm.validate(Ticket.self, priority: -1) { _ in [Problem(field: "", "second early")] }
        }
        let model: EntityModel = try #require(try registry(.projects, first, second).entity("ticket"))
        let change = ChangeData(old: nil, new: RecordData(layout: model.layout))
        let order: [String] = model.rules.validations.flatMap { $0.body(change) }.map(\.message)
        #expect(order == ["second early", "first a", "first b", "second", "first late"])
    }

    @Test func `an action gains the fields of other plugins while they are enabled`() throws {
        let alone: ActionModel = try #require(try registry(.projects).entity("project")?.action("finish"))
        let extended: ActionModel = try #require(try registry(.projects, .desk).entity("project")?.action("finish"))
        #expect(alone.fields.map(\.name) == ["note"])
        #expect(extended.fields.map(\.name) == ["note", "close_tickets"])
        #expect(extended.parts.map(\.plugin) == ["projects", "desk"])
    }

    @Test func `an entity without a declared list shows its first fields, newest first`() throws {
        let model: EntityModel = try #require(try registry(.projects).entity("phase"))
        #expect(model.list.columns == ["name", "position"])
        #expect(model.list.sort == Sort(field: "created_at", descending: true))
        #expect(model.sections.map(\.fields) == [["name", "position"]])
    }

    @Test func `every entity sends three hooks, and listeners to a switched-off plugin wait for nothing`() throws {
        let registry: Registry = try registry(.desk)
        #expect(registry.hooks["ticket_created"]?.plugin == "desk")
        #expect(registry.hooks["ticket_deleted"]?.summary == "A record of ticket was deleted.")
        #expect(registry.listeners["project_done"] == nil)
    }
}
