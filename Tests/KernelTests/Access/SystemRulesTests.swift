import PluginAPI
import Testing

@testable import Kernel

@Suite("Users, teams and roles") struct SystemRulesTests {
    @Test func `the roles that a deployment begins with`() async throws {
        let fixture = try await AccessFixture()
        let rights = fixture.rights.snapshot
        let registry = fixture.store.registry
        let table = rights.roles.sorted { $0.key < $1.key }.map { _, role in
            "\(role.name) (\(role.key))\n" + role.grants.rights(registry: registry).text
        }
        let everything = "view all, create all, edit all, delete all, import all, export all"
        let seeing = "role              -\nteam              view all\nuser              view all\nwebhook           -\nwebhook_delivery  -"
        #expect(
            table.joined(separator: "\n\n") == """
                Administrator (administrator)
                role              \(everything)
                team              \(everything)
                user              \(everything)
                webhook           \(everything), new-secret all, send-test all
                webhook_delivery  \(everything), redeliver all
                specials: manage_users, manage_roles, manage_plugins, manage_settings, customize_fields, see_operations

                Management (management)
                \(seeing)
                specials: see_operations

                Sales manager (sales_manager)
                \(seeing)

                Sales agent (sales_agent)
                \(seeing)

                SDR (sdr)
                \(seeing)

                Account manager (account_manager)
                \(seeing)

                Marketing (marketing)
                \(seeing)

                Finance (finance)
                \(seeing)

                CRM administrator (crm_administrator)
                \(seeing)
                specials: manage_settings, customize_fields
                """)
    }

    @Test func `grants of a plugin are given once: what was taken away stays away, a new entity gets its own`() async throws {
        let fixture = try await AccessFixture()
        func merge(_ entries: [(String, Grant)]) async throws -> RoleDocument {
            try await fixture.asProduct { store in
                let grants = entries.map { Contributions.GrantEntry.sales($0.0, $0.1) }
                try DefaultRoles.mergeGrants(grants, of: "projects", into: store)
                return try SystemRulesTests.agent(store)
            }
        }
        let first = try await merge([("project", .view(.own)), ("project", .view(.team)), ("project", .create)])
        #expect(first.entities["project"] == ["view": .team, "create": .all])
        try await fixture.asProduct { store in
            var role = try SystemRulesTests.agentRole(store)
            var document = RoleDocument(tolerating: role[SystemRole.grants].text)
            document.entities["project"] = ["view": .own]
            role[SystemRole.grants] = JSONText(document.text)
            try store.transaction.save(role)
        }
        let second = try await merge([("project", .view(.team)), ("project", .create), ("note", .view())])
        #expect(second.entities["project"] == ["view": .own])
        #expect(second.entities["note"] == ["view": .all])
    }

    @Test func `a role that comes with a later release gets its rights where the others have theirs long since`() async throws {
        let fixture = try await AccessFixture()
        try await fixture.asProduct { store in
            let old: [DefaultRole] = DefaultRole.allCases.filter { $0 != .crmAdministrator }
            func offers(_ roles: [DefaultRole]) -> [Contributions.GrantEntry] {
                var registrar = Registrar()
                registrar.grant(roles, Project.self, [.view()])
                return registrar.contributions.grants
            }
            try DefaultRoles.mergeGrants(offers(old), of: "projects", into: store)
            // As an older release left it: without the role.
            try store.connection.execute("DELETE FROM role WHERE key = ?", [.text(DefaultRole.crmAdministrator.rawValue)])
            // The next release: the role is made anew, and the plugin offers its rights again.
            try DefaultRoles.ensure(in: store)
            try DefaultRoles.mergeGrants(offers(DefaultRole.allCases), of: "projects", into: store)
            let made = try #require(try store.transaction.first(SystemRole.self, where: SystemRole.key == DefaultRole.crmAdministrator.rawValue))
            #expect(RoleDocument(tolerating: made[SystemRole.grants].text).entities["project"] == ["view": .all])
        }
    }

    private static func agentRole(_ store: StoreTransaction) throws -> Record<SystemRole> {
        try #require(try store.transaction.first(SystemRole.self, where: SystemRole.key == DefaultRole.salesAgent.rawValue))
    }
    private static func agent(_ store: StoreTransaction) throws -> RoleDocument {
        RoleDocument(tolerating: try agentRole(store)[SystemRole.grants].text)
    }

    @Test func `a user's teams and a team's members are the same thing`() async throws {
        let fixture = try await AccessFixture()
        let ada = try await fixture.addUser("ada@example.com")
        let ben = try await fixture.addUser("ben@example.com")
        let team = try await fixture.asProduct { store in
            try store.transaction.insert(SystemTeam.self) { team in
                team[SystemTeam.name] = "Harbour"
                team[SystemTeam.manager] = Reference(ben)
                team[SystemTeam.members] = References([ada])
            }
        }
        #expect(team[SystemTeam.members].ids == [ada, ben], "the manager is a member")
        #expect(try await fixture.user(ada)[SystemUser.teams].ids == [team.id])
        #expect(fixture.rights.snapshot.teammates(of: ada.raw) == [ada.raw, ben.raw])

        try await fixture.change(ben) { $0[SystemUser.teams] = References([]) }
        let left = try await fixture.asProduct { try $0.transaction.find(SystemTeam.self, team.id) }
        #expect(left[SystemTeam.members].ids == [ada])
        #expect(left[SystemTeam.manager] == nil, "who leaves a team does not manage it any more")

        try await fixture.change(ben) { $0[SystemUser.teams] = References([team.id]) }
        try await fixture.asProduct { try $0.transaction.delete(SystemUser.self, ada) }
        let rest = try await fixture.asProduct { try $0.transaction.find(SystemTeam.self, team.id) }
        #expect(rest[SystemTeam.members].ids == [ben])
        try await fixture.asProduct { try $0.transaction.delete(SystemTeam.self, team.id) }
        #expect(try await fixture.user(ben)[SystemUser.teams].ids == [])
    }

    @Test func `the last active administrator stays`() async throws {
        let fixture = try await AccessFixture()
        let ada = try await fixture.addUser("ada@example.com", roles: [.administrator])
        let ben = try await fixture.addUser("ben@example.com", roles: [.administrator])
        try await fixture.change(ben) { $0[SystemUser.active] = false }
        let attempts: [@Sendable () async throws -> Void] = [
            { try await fixture.change(ada) { $0[SystemUser.active] = false } },
            { try await fixture.change(ada) { $0[SystemUser.roles] = References([]) } },
            { try await fixture.asProduct { try $0.transaction.delete(SystemUser.self, ada) } },
        ]
        for attempt in attempts {
            let refused = await failure { try await attempt() }
            #expect(refused?.code == .refused && refused?.message == "this is the last active administrator")
        }
        try await fixture.change(ben) { $0[SystemUser.active] = true }
        try await fixture.change(ada) { $0[SystemUser.active] = false }
    }

    @Test func `e-mail addresses are kept in lower case and belong to one user each`() async throws {
        let fixture = try await AccessFixture()
        let ada = try await fixture.addUser("  Ada@Example.COM ")
        #expect(try await fixture.user(ada)[SystemUser.email] == "ada@example.com")
        let refused = await failure { try await fixture.addUser("ADA@example.com") }
        #expect(refused?.code == .invalid && refused?.problems.map(\.field) == ["email"])
    }

    @Test func `the right to edit users is no way to more rights`() async throws {
        let fixture = try await AccessFixture()
        let roleID = try await fixture.asProduct { store in
            try store.transaction.insert(SystemRole.self) { role in
                role[SystemRole.name] = "Front desk"
                role[SystemRole.grants] = JSONText(
                    #"{"entities": {"user": {"view": "all", "edit": "all"}, "role": {"view": "all", "edit": "all"}}}"#)
            }.id
        }
        let desk = try await fixture.addUser("desk@example.com")
        try await fixture.change(desk) { $0[SystemUser.roles] = References([roleID]) }
        let administrator = try await fixture.asProduct { store in
            try store.transaction.first(SystemRole.self, where: SystemRole.key == DefaultRole.administrator.rawValue)?.id
        }
        let everything = try #require(administrator)

        try await fixture.asUser(desk) { transaction in
            var user = try transaction.find(SystemUser.self, desk)
            user[SystemUser.name] = "Desk"
            try transaction.save(user)
        }
        let promoted = await failure {
            try await fixture.asUser(desk) { transaction in
                var user = try transaction.find(SystemUser.self, desk)
                user[SystemUser.roles].ids.append(everything)
                try transaction.save(user)
            }
        }
        #expect(promoted?.code == .forbidden)
        let widened = await failure {
            try await fixture.asUser(desk) { transaction in
                var role = try transaction.find(SystemRole.self, roleID)
                role[SystemRole.grants] = JSONText(#"{"everything": true}"#)
                try transaction.save(role)
            }
        }
        #expect(widened?.code == .forbidden)

        // With the right to manage users, roles may be handed out, but not the one that has every right.
        try await fixture.asProduct { store in
            var role = try store.transaction.find(SystemRole.self, roleID)
            var document = RoleDocument(tolerating: role[SystemRole.grants].text)
            document.specials = ["manage_users"]
            role[SystemRole.grants] = JSONText(document.text)
            try store.transaction.save(role)
        }
        let still = await failure {
            try await fixture.asUser(desk) { transaction in
                var user = try transaction.find(SystemUser.self, desk)
                user[SystemUser.roles].ids.append(everything)
                try transaction.save(user)
            }
        }
        #expect(still?.message == "only an administrator may give or take a role that has every right")
    }

    @Test func `nothing that opens a door is kept of a user who is deleted, and whoever comes back is given a new password`() async throws {
        let fixture = try await AccessFixture()
        let boss = try await fixture.addUser("boss@example.com", roles: [.administrator])
        let anna = try await fixture.addUser("anna@example.com", roles: [.salesAgent])
        _ = try await fixture.login("anna@example.com")
        _ = try await fixture.authenticator.createToken(for: anna.raw, name: "test")
        func secrets() async throws -> [Int64] {
            try await fixture.engine.read { connection in
                try ["tenon_credential", "tenon_session", "tenon_token"].map {
                    try connection.integer("SELECT count(*) FROM \($0) WHERE user_id = \(anna.raw)") ?? -1
                }
            }
        }
        #expect(try await secrets() == [1, 1, 1])
        let actor: Actor = .user(boss.raw, via: "test", rights: fixture.rights.snapshot)
        let deletion: BulkChange = .delete(try fixture.store.registry.require("user"))
        let outcome = try await deletion.run([anna.raw], in: fixture.store, as: actor)
        #expect(outcome.failed.isEmpty)
        #expect(try await secrets() == [0, 0, 0])
        // A password that was being set meanwhile comes too late.
        #expect(await failure { try await fixture.authenticator.setPassword(of: anna.raw, to: AccessFixture.password) }?.code == .notFound)

        // Nor is one that an earlier release left behind.
        try await fixture.engine.write { connection in
            _ = try connection.execute("INSERT INTO tenon_credential (user_id, password, updated_at) VALUES (?, 'x', 0)", [.integer(anna.raw)])
        }
        try await ChangeSetLedger.forget(Context(StoreContext(store: fixture.store, actor: actor, plugin: "kernel")))
        #expect(try await secrets() == [0, 0, 0])
        _ = try await fixture.login("boss@example.com")

        let change: Int64 = try #require(outcome.change)
        let report = try await fixture.store.write(as: actor) { try $0.takeBack(change) }
        #expect(report.done == 1)
        #expect(report.kept.map(\.field) == ["password"])
        #expect(try await fixture.user(anna)[SystemUser.email] == "anna@example.com")
        #expect(await failure { _ = try await fixture.login("anna@example.com") }?.code == .unauthenticated)
        try await fixture.authenticator.setPassword(of: anna.raw, to: "another walk by the sea")
        _ = try await fixture.login("anna@example.com", password: "another walk by the sea")
    }

    @Test func `the roles of the beginning keep their key, and cannot be deleted; the administrator's keeps every right`() async throws {
        let fixture = try await AccessFixture()
        func changed(_ key: DefaultRole, _ body: @escaping @Sendable (inout Record<SystemRole>) -> Void) async -> CRMError? {
            await failure {
                try await fixture.asProduct { store in
                    var role = try #require(try store.transaction.first(SystemRole.self, where: SystemRole.key == key.rawValue))
                    body(&role)
                    try store.transaction.save(role)
                }
            }
        }
        #expect(await changed(.finance) { $0[SystemRole.key] = "money" }?.problems.map(\.field) == ["key"])
        #expect(await changed(.administrator) { $0[SystemRole.grants] = JSONText("{}") }?.problems.map(\.field) == ["grants"])
        #expect(await changed(.finance) { $0[SystemRole.grants] = JSONText("{") }?.problems.map(\.field) == ["grants"])
        #expect(await changed(.finance) { $0[SystemRole.name] = "Books" } == nil)
        let refused = await failure {
            try await fixture.asProduct { store in
                let role = try #require(try store.transaction.first(SystemRole.self, where: SystemRole.key == "finance"))
                try store.transaction.delete(SystemRole.self, role.id)
            }
        }
        #expect(refused?.code == .refused)
    }

    @Test func `the demo brings a dozen people in three teams, the same each time`() async throws {
        let fixture = try await AccessFixture()
        let (users, teams) = try await fixture.asProduct { store in
            store.core.isDemo = true
            try DemoPeople.fill(store.transaction)
            return (try store.transaction.all(SystemUser.self), try store.transaction.all(SystemTeam.self))
        }
        #expect(users.count == 12 && teams.count == 3)
        #expect(Set(users.map { $0[SystemUser.email] }).count == 12)
        #expect(users.allSatisfy { $0[SystemUser.email].hasSuffix("@example.com") && $0[SystemUser.roles].ids.count == 1 })
        #expect(teams.allSatisfy { team in team[SystemTeam.manager].map { team[SystemTeam.members].ids.contains($0.id) } ?? false })
        let byTeam = teams.map { team in users.filter { $0[SystemUser.teams].ids == [team.id] }.count }
        #expect(byTeam == [3, 4, 3])
        #expect(users.allSatisfy { $0[SystemUser.createdAt] < fixture.clock.now.adding(days: -700) })
    }
}

extension Contributions.GrantEntry {
    /// As a plugin gives it.
    static func sales(_ entity: String, _ grant: Grant) -> Contributions.GrantEntry {
        var registrar = Registrar()
        registrar.grant(.salesAgent, SystemUser.self, grant)
        var entry = registrar.contributions.grants[0]
        entry.entity = entity
        return entry
    }
}
