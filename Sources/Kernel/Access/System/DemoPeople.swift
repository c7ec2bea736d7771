import PluginAPI

/// A dozen people in three teams, for trying the product out: always the same.
enum DemoPeople {
    struct Person {
        let name: String
        let role: DefaultRole
        /// The place of the team in ``teams``, or nil.
        let team: Int?
        /// How long ago the person joined.
        let days: Int
    }

    static let teams = ["Harbour", "Meadow", "Summit"]

    /// The first with a manager's role manages the team.
    static let people: [Person] = [
        Person(name: "Ines Falkenrath", role: .management, team: nil, days: 760),
        Person(name: "Tomas Rivenhall", role: .salesManager, team: 0, days: 755),
        Person(name: "Odile Marchetti", role: .salesManager, team: 1, days: 752),
        Person(name: "Bram Okonjo", role: .salesManager, team: 2, days: 748),
        Person(name: "Lena Vasquine", role: .salesAgent, team: 0, days: 745),
        Person(name: "Piet Halloran", role: .salesAgent, team: 0, days: 742),
        Person(name: "Sanna Brightwell", role: .salesAgent, team: 1, days: 742),
        Person(name: "Dario Quist", role: .salesAgent, team: 1, days: 740),
        Person(name: "Maeve Lindqvist", role: .salesAgent, team: 2, days: 738),
        Person(name: "Jonas Abelard", role: .sdr, team: 2, days: 736),
        Person(name: "Ruta Castellane", role: .accountManager, team: 1, days: 735),
        Person(name: "Viktor Amsel", role: .finance, team: nil, days: 734),
    ]

    static func fill(_ transaction: Transaction) throws {
        let roles = try transaction.all(SystemRole.self, limit: 10_000)
        var made: [(person: Person, record: Record<SystemUser>)] = []
        for person in people {
            let joined = transaction.now.adding(days: -person.days)
            let role = roles.first { $0[SystemRole.key] == person.role.rawValue }
            let record = try transaction.backdated(to: joined).insert(SystemUser.self) { user in
                user[SystemUser.name] = person.name
                user[SystemUser.email] = email(of: person.name)
                user[SystemUser.roles] = References(role.map { [$0.id] } ?? [])
            }
            made.append((person, record))
        }
        for (place, name) in teams.enumerated() {
            let members = made.filter { $0.person.team == place }
            let founded = transaction.now.adding(days: -700)
            try transaction.backdated(to: founded).insert(SystemTeam.self) { team in
                team[SystemTeam.name] = name
                team[SystemTeam.manager] = members.first { $0.person.role == .salesManager }.map { Reference($0.record.id) }
                team[SystemTeam.members] = References(members.map(\.record.id))
            }
        }
    }

    /// `Ines Falkenrath` is `ines.falkenrath@example.com`.
    static func email(of name: String) -> String {
        name.lowercased().split(separator: " ").joined(separator: ".") + "@example.com"
    }
}
