import PluginAPI

@testable import Kernel

/// A small module that the tests compose registries from.
enum Phase: Entity {
    static let name = Field<String>("name", .unique)
    static let position = Field<Int>("position", .byDefault(0))
    static let schema = Schema("phase", name, position).lookup()
}

enum Project: Entity {
    static let name = Field<String>("name", .maxLength(200), .searchable)
    static let code = Field<String?>("code", .unique)
    static let budget = Field<Money?>("budget")
    static let phase = Field<Reference<Phase>>("phase")
    static let owner = Field<Reference<User>?>("assigned_to", .owner)
    static let due = Field<Day?>("due", .indexed)
    static let effort = Field<FixedDecimal?>("effort", .scale(1))
    static let schema = Schema("project", name, code, budget, phase, owner, due, effort).unique(together: phase, name)
}

struct ProjectDone: HookPayload {
    var project: RecordID
    var score: Int?
}

let projectDone = Hook<ProjectDone>("project_done")

enum Finish: Action {
    typealias Target = Project
    static let name = "finish"
    static let note = Field<String?>("note")
    static let form = Form<Self>(note)
    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {}
}

struct ProjectsPlugin: Plugin {
    func register(with crm: inout Registrar) {
        crm.entity(Phase.self)
        crm.entity(Project.self)
        crm.list(Project.self, columns: [Project.name, Project.phase], filters: [Project.phase, Project.due])
        crm.board(Project.self, by: Project.phase, card: [Project.name], sum: Project.budget)
        crm.hook(projectDone, "A project was finished.")
        crm.action(Finish.self)
        crm.metric("projects.budget", "Budget", over: Project.self, .sum("budget"), date: Project.due)
        crm.grant(.salesAgent, Project.self, .view(.own), .create, .action("finish", .own))
    }
}

/// A project as another module sees it.
enum ForeignProject: ForeignEntity {
    static let phase = Field<Reference<ForeignPhase>>("phase")
    static let name = Field<String>("name")
    static let schema = Schema("project", phase, name)
}

enum ForeignPhase: ForeignEntity {
    static let name = Field<String>("name")
    static let schema = Schema("phase", name)
}

/// A module that can do without projects.
enum Ticket: Entity {
    static let title = Field<String>("title")
    static let project = Field<Reference<ForeignProject>?>("project", .whenTargetIsDeleted(.clear))
    static let closed = Field<Bool>("closed", .byDefault(false))
    static let schema = Schema("ticket", title, project, closed)
}

struct DeskPlugin: Plugin {
    func register(with crm: inout Registrar) {
        crm.entity(Ticket.self)
        crm.uses(ForeignProject.self)
        crm.list(Ticket.self, columns: [Ticket.title, Ticket.project, Ticket.closed], filters: [Ticket.project])
        crm.view(Ticket.self, "Without a project", where: Ticket.project == nil)
        crm.on(projectDone) { _, _ in }
        crm.extend(CloseTickets.self)
    }
}

enum CloseTickets: ActionExtension {
    typealias Target = ForeignProject
    static let action = "finish"
    static let close = Field<Bool?>("close_tickets")
    static let form = Form<Self>(close)
    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {}
}

extension Composition.Part {
    static func of(
        _ id: String, optional: [String] = [], approved: PluginManifest.Capabilities? = nil, _ plugin: some Plugin
    ) -> Composition.Part {
        of(id, optional: optional, approved: approved) { plugin.register(with: &$0) }
    }

    /// With leave to do all that it registers, unless said otherwise.
    static func of(
        _ id: String, optional: [String] = [], approved: PluginManifest.Capabilities? = nil, _ register: (inout Registrar) -> Void
    ) -> Composition.Part {
        var registrar = Registrar()
        register(&registrar)
        let all: Contributions = registrar.contributions
        var used: [String] = all.entities.filter(\.isForeign).map(\.schema.name) + all.prepares.map(\.entity)
        used += all.validations.map(\.entity) + all.saves.map(\.entity) + all.deletions.map(\.entity)
        used += all.actions.map(\.entity) + all.metrics.map(\.entity)
        let foreign: [String] = Set(used).sorted()
        return Composition.Part(
            id: id, name: id.readable, version: "1.0.0", optional: optional, contributions: registrar.contributions,
            approved: approved ?? .init(writes: foreign, elevated: "a test"))
    }

    static var kernel: Composition.Part { of(Composition.kernel, SystemPlugin()) }
    static var projects: Composition.Part { of("projects", ProjectsPlugin()) }
    static var desk: Composition.Part { of("desk", optional: ["projects"], DeskPlugin()) }
}

/// The problems, or none when the parts fit together.
func problems(_ parts: Composition.Part..., customFields: [CustomField] = []) -> [String] {
    CompositionChecks.problems(in: Composition(parts: [.kernel] + parts, customFields: customFields)).map { "\($0.plugin): \($0.message)" }
}

struct CompositionRefused: Error { let problems: [PluginProblem] }

/// A registry of the kernel's own part and these.
func registry(_ parts: Composition.Part..., customFields: [CustomField] = []) throws -> Registry {
    switch RegistryBuilder.build(Composition(parts: [.kernel] + parts, customFields: customFields)) {
    case .registry(let registry): return registry
    case .problems(let problems): throw CompositionRefused(problems: problems)
    }
}
