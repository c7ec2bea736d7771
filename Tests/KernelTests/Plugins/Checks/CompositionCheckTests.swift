import PluginAPI
import Testing

@testable import Kernel

@Suite struct CompositionCheckTests {
    @Test func `plugins that fit together have no problems, in either company`() {
        #expect(problems(.projects, .desk) == [])
        #expect(problems(.desk) == [])
        #expect(problems(.projects) == [])
    }

    @Test func `a name that two plugins claim names both, and the later one is refused`() {
        let found: [String] = problems(.projects, .of("rival") { $0.entity(Project.self) })
        #expect(found.contains("rival: entity project is claimed by the plugins projects and rival"))
        #expect(found.contains("rival: path projects is claimed by the plugins projects and rival"))
        #expect(found.allSatisfy { $0.hasPrefix("rival: ") })
    }

    @Test func `all problems are told at once`() {
        let found: [String] = problems(
            .of("bad") { crm in
                crm.entity(Clumsy.self)
                crm.job("nightly", .daily(at: "25:00")) { _ in }
                crm.route(.get, "a//{B}", requires: .anyUser) { _, _ in .text("") }
            })
        #expect(
            found == [
                "bad: field of clumsy: BadName is not written in snake_case",
                "bad: field clumsy.version has a name that belongs to the kernel",
                "bad: field clumsy.price_currency has the name of the currency beside an amount",
                "bad: job nightly does not begin with \"bad.\"",
                "bad: field clumsy.holder is the owner but does not point at a user",
                "bad: route GET a//{B} has a part \"\" that is not plain",
                "bad: route GET a//{B} has a part {B} that is not written in snake_case",
                "bad: job nightly runs daily at 25:00, which is not a time of day written as HH:MM",
            ])
    }

    @Test func `a panel has a dashed name of its own and belongs to an entity that is there`() {
        let found: [String] = problems(
            .projects,
            .of("extra") { crm in
                crm.panel(Project.self, "worth", "Worth") { _, _ in Panel() }
                crm.panel(Project.self, "worth", "Worth again") { _, _ in Panel() }
                crm.panel(Project.self, "Big_Worth", "Big") { _, _ in Panel() }
                crm.panel(Clumsy.self, "lost", "Lost") { _, _ in Panel() }
            })
        #expect(
            found == [
                "extra: panel Big_Worth is not written with dashes", "extra: panel worth of project is registered twice",
                "extra: panel lost names the entity clumsy, which no enabled plugin has",
            ])
    }

    @Test func `a name that belongs to the kernel cannot be taken`() {
        #expect(problems(.of("bad") { $0.entity(Usurper.self) }) == ["bad: entity tenon_thing has a name that belongs to the kernel", "bad: path api belongs to the kernel"])
    }

    @Test func `a missing plugin is forgiven only when it is optional`() {
        let found: [String] = problems(.of("desk", DeskPlugin()))
        #expect(
            found == [
                "desk: field ticket.project points at the entity project, which no enabled plugin has",
                "desk: uses the entity project, which no enabled plugin has",
                "desk: action finish names the entity project, which no enabled plugin has",
                "desk: listens to the hook project_done, which no enabled plugin sends",
                "desk: extends the action project.finish, which no enabled plugin has",
            ])
    }

    @Test func `a foreign field must be there with its type`() {
        let found: [String] = problems(.projects, .of("desk") { $0.uses(WrongProject.self) })
        #expect(
            found == [
                "desk: needs the field project.colour, which the plugin projects does not have",
                "desk: takes the field project.due for a whole number, but it is a day (YYYY-MM-DD)",
            ])
    }

    @Test func `screens name only fields that are there`() {
        let found: [String] = problems(
            .projects,
            .of("more") { crm in
                crm.list(Phase.self, columns: [Project.code])
                crm.view(Project.self, "Odd", where: Condition(.empty("nowhere")))
                crm.board(Phase.self, by: Phase.position, card: [], sum: Phase.name)
                crm.metric("more.mean", "Mean", over: Project.self, .average("name"), date: Project.code)
            })
        #expect(
            found == [
                "more: the list of phase names the field code, which it does not have",
                "more: view Odd of project names the field nowhere, which it does not have",
                "more: the board of phase has its columns by position, which is neither a reference nor a choice",
                "more: the board of phase adds up name, which is not a number",
                "more: metric more.mean adds up name, which is not a number",
                "more: metric more.mean is dated by code, which is neither a day nor a moment",
            ])
    }

    @Test func `a listener needs what the hook carries`() {
        struct Wider: HookPayload {
            var project: String
            var reason: String
        }
        let found: [String] = problems(.projects, .of("ear") { $0.on(Hook<Wider>("project_done")) { _, _ in } })
        #expect(
            found == [
                "ear: cannot listen to the hook project_done of the plugin projects: field project is RecordID, not String",
                "ear: cannot listen to the hook project_done of the plugin projects: the hook sends no field reason",
            ])
    }

    @Test func `grants name rights that are there, and nobody makes records of their own only`() {
        let found: [String] = problems(
            .projects,
            .of("more") { $0.grant(.finance, Project.self, .action("fly"), Grant("create", .own), .action("finish")) })
        #expect(
            found == [
                "more: the grant of fly on project to finance names a right that is not there",
                "more: the grant of create on project to finance has the scope own, but a record to be made belongs to nobody yet",
            ])
    }

    @Test func `an action asks for each thing once`() {
        let found: [String] = problems(.projects, .of("more") { $0.extend(AskAgain.self) })
        #expect(
            found == [
                "more: action project.finish asks for note by the plugins projects and more",
                "more: action project.finish shows extra by elsewhere, which it does not ask for",
            ])
    }

    @Test func `a plugin does not take over a custom field`() {
        let field = CustomField(id: 1, entity: "project", name: "due", definition: CustomFieldDefinition(kind: "text"))
        #expect(problems(.projects, customFields: [field]) == ["projects: field project.due is already a custom field"])
    }
}

private enum Clumsy: Entity {
    static let first = Field<String>("BadName")
    static let version = Field<Int>("version")
    static let price = Field<Money?>("price")
    static let currency = Field<String?>("price_currency")
    static let holder = Field<String?>("holder", .owner)
    static let schema = Schema("clumsy", first, version, price, currency, holder)
}

private enum Usurper: Entity {
    static let name = Field<String>("name")
    static let schema = Schema("tenon_thing", name).path("api")
}

private enum WrongProject: ForeignEntity {
    static let colour = Field<String>("colour")
    static let due = Field<Int>("due")
    static let schema = Schema("project", colour, due)
}

private enum AskAgain: ActionExtension {
    typealias Target = ForeignProject
    static let action = "finish"
    static let elsewhere = Field<Bool>("elsewhere")
    static let note = Field<String>("note")
    static let extra = Field<String?>("extra", .shown(when: elsewhere, is: true))
    static let form = Form<Self>(note, extra)
    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {}
}
