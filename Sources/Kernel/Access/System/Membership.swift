import PluginAPI

/// Keeps the teams of users and the members of teams the same thing seen from two sides.
enum Membership {
    private static let reason = "teams and their members are kept in step"

    /// The manager is a member.
    static func prepare(_ change: inout Change<SystemTeam>, _ transaction: Transaction) throws {
        guard let manager = change.new[SystemTeam.manager] else { return }
        if !change.new[SystemTeam.members].ids.contains(manager.id) { change.new[SystemTeam.members].ids.append(manager.id) }
    }

    static func userSaved(_ change: Change<SystemUser>, _ transaction: Transaction) throws {
        let (left, joined) = difference(change.old?[SystemUser.teams].ids ?? [], change.new[SystemUser.teams].ids)
        let user = change.new.id
        let elevated = transaction.elevated(for: reason)
        for team in joined {
            var team = try elevated.find(SystemTeam.self, team)
            guard !team[SystemTeam.members].ids.contains(user) else { continue }
            team[SystemTeam.members].ids.append(user)
            try elevated.save(team)
        }
        for team in left {
            var team = try elevated.find(SystemTeam.self, team)
            guard team[SystemTeam.members].ids.contains(user) else { continue }
            team[SystemTeam.members].ids.removeAll { $0 == user }
            // Who leaves a team does not manage it any more: the manager is a member by rule.
            if team[SystemTeam.manager]?.id == user { team[SystemTeam.manager] = nil }
            try elevated.save(team)
        }
    }

    static func teamSaved(_ change: Change<SystemTeam>, _ transaction: Transaction) throws {
        let (left, joined) = difference(change.old?[SystemTeam.members].ids ?? [], change.new[SystemTeam.members].ids)
        let team = change.new.id
        let elevated = transaction.elevated(for: reason)
        for user in joined {
            var user = try elevated.find(SystemUser.self, user)
            guard !user[SystemUser.teams].ids.contains(team) else { continue }
            user[SystemUser.teams].ids.append(team)
            try elevated.save(user)
        }
        for user in left {
            var user = try elevated.find(SystemUser.self, user)
            guard user[SystemUser.teams].ids.contains(team) else { continue }
            user[SystemUser.teams].ids.removeAll { $0 == team }
            try elevated.save(user)
        }
    }

    private static func difference(_ old: [RecordID], _ new: [RecordID]) -> (left: [RecordID], joined: [RecordID]) {
        (old.filter { !new.contains($0) }, new.filter { !old.contains($0) })
    }
}
