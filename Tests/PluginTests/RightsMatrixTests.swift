import PluginAPI
import Testing

@testable import Kernel

@Suite("What the default roles may do") struct RightsMatrixTests {
    private static let base = [
        "company", "customer", "customer_group", "lead", "lead_status", "lead_source", "lost_reason", "deal", "pipeline", "stage",
    ]

    /// The general rights, each with its scope; actions stand beside them in the plugins' own tests.
    private static func line(_ grants: RoleGrants, _ entity: String) -> String {
        let rights: [String] = ["view", "create", "edit", "delete", "import", "export"].compactMap { right in
            guard let scope = grants.entities[entity]?[right] else { return nil }
            return "\(right) \(scope.rawValue)"
        }
        return "\(entity): \(rights.isEmpty ? "-" : rights.joined(separator: ", "))"
    }

    private func grants(_ host: SalesHost) throws -> [DefaultRole: RoleGrants] {
        let rights = try host.actor(nil).rights
        var found: [DefaultRole: RoleGrants] = [:]
        for role in rights.roles.values {
            if let key = DefaultRole(rawValue: role.key) { found[key] = role.grants }
        }
        return found
    }

    @Test func `the matrix of the default roles`() async throws {
        let host = try await SalesHost()
        let grants = try grants(host)
        let roles: [DefaultRole] = [.salesManager, .salesAgent, .sdr, .accountManager, .marketing, .crmAdministrator, .management]
        let table = try roles.map { role -> String in
            let own = try #require(grants[role])
            return ([role.title] + RightsMatrixTests.base.map { "  " + RightsMatrixTests.line(own, $0) }).joined(separator: "\n")
        }
        let all = "view all, create all, edit all, delete all, import all, export all"
        let options = "  lead_status: view all\n  lead_source: view all\n  lost_reason: view all"
        let steps = "  pipeline: view all\n  stage: view all"
        #expect(table.joined(separator: "\n") == """
            Sales manager
              company: view all, create all, edit team, delete team, import all, export team
              customer: view all, create all, edit team, delete team, import all, export team
              customer_group: view all
              lead: view team, create all, edit team, delete team, import all, export team
            \(options)
              deal: view team, create all, edit team, delete team, import all, export team
            \(steps)
            Sales agent
              company: view all, create all, edit own
              customer: view own, create all, edit own
              customer_group: view all
              lead: view own, create all, edit own
            \(options)
              deal: view own, create all, edit own
            \(steps)
            SDR
              company: view all, create all, edit own
              customer: view own, create all, edit own
              customer_group: view all
              lead: view own, create all, edit own
            \(options)
              deal: view own, create all
            \(steps)
            Account manager
              company: view all, create all, edit all, import all, export all
              customer: view all, create all, edit all, import all, export all
              customer_group: view all
              lead: view own, create all, edit own
            \(options)
              deal: view own, create all, edit own
            \(steps)
            Marketing
              company: view all, export all
              customer: view all
              customer_group: view all
              lead: view all, create all, import all, export all
            \(options)
              deal: -
            \(steps)
            CRM administrator
            \(RightsMatrixTests.base.map { "  \($0): \(all)" }.joined(separator: "\n"))
            Management
              company: view all, export all
              customer: view all, export all
              customer_group: view all
              lead: view all, export all
            \(options)
              deal: view all, export all
            \(steps)
            """)
    }

    @Test func `a CRM administrator may do everything with every record of the plugins, and manages neither users nor plugins`() async throws {
        let host = try await SalesHost()
        let actor = try host.actor(.crmAdministrator)
        for entity in host.store.registry.entities where !["kernel", "events"].contains(entity.plugin) {
            for right in EntityModel.generalRights { #expect(actor.scope(right, on: entity.name) == .all, "\(right) \(entity.name)") }
            for action in entity.actions { #expect(actor.scope(action.name, on: entity.name) == .all, "\(action.name) \(entity.name)") }
        }
        #expect(actor.can(.manageSettings) && actor.can(.customizeFields))
        #expect(!actor.can(.manageUsers) && !actor.can(.manageRoles) && !actor.can(.managePlugins))
        for right in ["create", "edit", "delete"] { #expect(!actor.can(right, on: "user") && !actor.can(right, on: "role")) }
    }

    @Test func `management reads everything and changes nothing`() async throws {
        let host = try await SalesHost()
        let actor = try host.actor(.management)
        for entity in host.store.registry.entities where !["kernel", "events"].contains(entity.plugin) {
            #expect(actor.scope("view", on: entity.name) == .all, "\(entity.name)")
            for right in ["create", "edit", "delete", "import"] { #expect(!actor.can(right, on: entity.name), "\(right) \(entity.name)") }
        }
    }

    @Test func `a sales agent sees own leads and deals, and nothing of a colleague's, not even in a count`() async throws {
        let host = try await SalesHost()
        let agent = try host.actor(.salesAgent)
        try await host.write { transaction in
            try transaction.add("lead", ["title": .text("Hers"), "assigned_to": agent.userID.map(Value.integer) ?? .null])
            try transaction.add("lead", ["title": .text("Another's")])
            try transaction.add("deal", ["title": .text("Another's")])
        }
        try await host.read(as: .salesAgent) { transaction throws in
            #expect(try transaction.count("lead", where: .everything) == 1)
            #expect(try transaction.count("deal", where: .everything) == 0)
        }
    }
}
