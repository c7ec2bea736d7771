import PluginAPI
import Testing

@testable import Kernel

@Suite struct ListExtrasCheckTests {
    @Test func `cards name metrics that are there`() {
        #expect(problems(.projects, .of("extra") { $0.cards(Project.self, "projects.budget") }) == [])
        #expect(problems(.projects, .of("extra") { $0.cards(Project.self, "projects.moon") })
            == ["extra: the cards of project name the metric projects.moon, which is not there"])
    }

    @Test func `a count has a name of its own and counts by a reference to the list's records`() {
        #expect(problems(.projects, .of("extra") { $0.counts(Phase.self, "projects", Project.phase) }) == [])
        #expect(problems(.projects, .of("extra") { $0.counts(Phase.self, "name", Project.phase) })
            == ["extra: the count phase.name is called like a field"])
        #expect(problems(.projects, .of("extra") { $0.counts(Phase.self, "Pro jects", Project.phase) })
            == ["extra: the count phase.Pro jects is not lower_case_with_underscores"])
        #expect(problems(.projects, .of("a") { $0.counts(Phase.self, "all", Project.phase) }, .of("b") { $0.counts(Phase.self, "all", Project.phase) })
            == ["b: the count phase.all is there twice"])
    }

    @Test func `a related list names fields that its records have`() {
        #expect(problems(.projects, .of("extra") { $0.related(Phase.self, Project.phase, columns: [Project.due]) }) == [])
        #expect(problems(.projects, .of("extra") { $0.related(Phase.self, Project.phase, columns: [Ticket.closed]) })
            == ["extra: the related list of project on phase names the field closed, which it does not have"])
    }

    @Test func `counts and related lists over what is switched off are left out`() throws {
        let extra: Composition.Part = .of("extra", optional: ["desk"]) { crm in
            crm.counts(ForeignProject.self, "tickets", Ticket.project)
            crm.related(ForeignProject.self, Ticket.project, columns: [Ticket.closed])
        }
        #expect(try registry(.projects, extra).require("project").extras.counts.isEmpty)
        #expect(try registry(.projects, .desk, extra).require("project").extras.counts.map(\.name) == ["tickets"])
        #expect(try registry(.projects, .desk, extra).require("project").extras.related.map(\.child) == ["ticket"])
    }

    @Test func `only yes or no is turned over in lists`() {
        enum Odd: Entity {
            static let name = Field<String>("name", .toggle)
            static let schema = Schema("odd", name)
        }
        #expect(problems(.of("odds") { $0.entity(Odd.self) }) == ["odds: field odd.name is turned over in lists but is not yes or no"])
    }
}
