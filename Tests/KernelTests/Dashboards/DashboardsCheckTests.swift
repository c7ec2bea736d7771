import PluginAPI
import Testing

@testable import Kernel

@Suite("Dashboards that fit together") struct DashboardsCheckTests {
    private static let overview = Composition.Part.of("overview") { crm in
        crm.dashboard("overview", "Overview")
        crm.widget("overview", .chart("Budget", .init("projects.budget"), months: 6), order: 20)
    }

    @Test func `a dashboard takes widgets of any plugin, in their order`() throws {
        let guest = Composition.Part.of("guest") { crm in
            crm.widget("overview", .records("Projects", Project.self, columns: [Project.name, Project.phase]), order: 10)
            crm.widget("overview", .figure("projects.budget"), order: 30)
        }
        #expect(problems(.projects, Self.overview, guest) == [])
        let registry = try registry(.projects, Self.overview, guest)
        #expect(registry.widgets.map(\.plugin) == ["guest", "overview", "guest"])
    }

    @Test func `two plugins cannot have the same dashboard`() {
        let rival = Composition.Part.of("rival") { $0.dashboard("overview", "Mine") }
        #expect(problems(.projects, Self.overview, rival) == ["rival: dashboard overview is claimed by the plugins overview and rival"])
    }

    @Test func `a widget names what is there, and all that is wrong is told at once`() {
        let found: [String] = problems(
            .projects, Self.overview,
            .of("more") { crm in
                crm.dashboard("Bad_Name", "Bad")
                crm.widget("nowhere", .figure("projects.budget"))
                crm.widget("overview", .figure("projects.unknown"))
                crm.metric("more.all", "All", over: Project.self, .count)
                crm.widget("overview", .chart("Late", .init("more.all"), months: 0))
                crm.widget("overview", .chart("Split", .init("more.all"), by: Ticket.title))
                crm.widget("overview", .records("Many", Project.self, columns: [Ticket.title], limit: 50))
            })
        #expect(
            found == [
                "more: dashboard Bad_Name is not in dashed words",
                "more: widget projects.budget of dashboard nowhere stands on the dashboard nowhere, which no enabled plugin has",
                "more: widget projects.unknown of dashboard overview names the metric projects.unknown, which is not there",
                "more: widget Late of dashboard overview follows more.all over time, which has no date",
                "more: widget Late of dashboard overview goes over 0 months, which is not from 1 to 60",
                "more: widget Split of dashboard overview groups by project.title, which is not there",
                "more: widget Many of dashboard overview shows 50 records, which is not from 1 to 20",
                "more: widget Many of dashboard overview names the field project.title, which is not there",
            ])
    }

    @Test func `what is about a plugin that is switched off is not there, and the rest is`() throws {
        let overview = Composition.Part.of("overview", optional: ["projects"]) { crm in
            crm.entity(Ticket.self)
            crm.uses(ForeignProject.self)
            crm.dashboard("overview", "Overview")
            crm.metric("overview.tickets", "Tickets", over: Ticket.self, .count)
            crm.widget("overview", .figure("overview.tickets", and: "projects.budget"), order: 10)
            crm.widget("overview", .figure("projects.budget"), order: 20)
            crm.widget("overview", .chart("By project", .init("overview.tickets"), by: Ticket.project), order: 30)
            crm.widget("overview", .records("Tickets", Ticket.self, columns: [Ticket.title, Ticket.project]), order: 40)
        }
        #expect(problems(.projects, overview) == [])
        #expect(try registry(.projects, overview).widgets.count == 4)
        #expect(problems(overview) == [])
        let alone = try registry(overview).widgets.map(\.body.widget)
        #expect(alone.count == 2)
        guard case .figure(_, nil) = alone[0].content, case .records(let list, _, _) = alone[1].content else {
            Issue.record("\(alone)")
            return
        }
        #expect(list.columns == ["title"])
    }
}
