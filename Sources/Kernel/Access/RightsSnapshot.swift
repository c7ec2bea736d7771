import PluginAPI

/// What one role grants.
struct RoleGrants: Sendable, Equatable {
    /// Entity → right → scope.
    var entities: [String: [String: Scope]] = [:]
    /// Entity → field → mask.
    var masks: [String: [String: FieldMask]] = [:]
    var specials: Set<SpecialRight> = []
    /// Whether the role has every right there is: the administrator's.
    var isEverything = false
}

/// Who is in which team and has which role, and what each role grants: frozen, replaced whole when any of it changes.
/// Deny by default; the union over a user's roles. Pure: decides without I/O.
final class RightsSnapshot: Sendable {
    struct Person: Sendable {
        var name: String
        var email = ""
        var isActive: Bool
        var roles: [Int64]
        var teams: [Int64]
    }
    struct Role: Sendable {
        var key: String
        var name: String
        var grants: RoleGrants
    }

    let people: [Int64: Person]
    let roles: [Int64: Role]
    /// The merged rights of each active user.
    private let merged: [Int64: RoleGrants]
    private let mates: [Int64: [Int64]]
    /// What went into fields that are worked out: entity, field. Who may not see that may not see the result.
    let sources: [String: [String: Set<FormulaUses.Read.Step>]]
    /// The fields that open something, by entity: nobody sees them, not even administrators.
    let secrets: [String: Set<String>]

    init(
        people: [Int64: Person], roles: [Int64: Role], sources: [String: [String: Set<FormulaUses.Read.Step>]] = [:],
        secrets: [String: Set<String>] = [:]
    ) {
        self.sources = sources
        self.secrets = secrets
        self.people = people
        self.roles = roles
        var merged: [Int64: RoleGrants] = [:]
        var members: [Int64: [Int64]] = [:]
        for (id, person) in people {
            for team in person.teams { members[team, default: []].append(id) }
            guard person.isActive else { continue }
            merged[id] = RightsSnapshot.union(person.roles.compactMap { roles[$0]?.grants })
        }
        var mates: [Int64: [Int64]] = [:]
        for (id, person) in people {
            mates[id] = Set(person.teams.flatMap { members[$0] ?? [] } + [id]).sorted()
        }
        self.merged = merged
        self.mates = mates
    }

    /// The same rights where other fields are worked out.
    func with(
        sources: [String: [String: Set<FormulaUses.Read.Step>]], secrets: [String: Set<String>] = [:]
    ) -> RightsSnapshot {
        if sources == self.sources, secrets == self.secrets { return self }
        return RightsSnapshot(people: people, roles: roles, sources: sources, secrets: secrets)
    }

    /// The same rights in the deployment as it is put together.
    func with(_ registry: Registry) -> RightsSnapshot { with(sources: registry.fieldFormulas.sources, secrets: registry.secrets) }

    /// Nobody, with no rights.
    static let empty = RightsSnapshot(people: [:], roles: [:])

    /// The widest of each right; the weakest of each mask among the roles that see the entity at all.
    static func union(_ grants: [RoleGrants]) -> RoleGrants {
        var result = RoleGrants()
        for grant in grants {
            result.isEverything = result.isEverything || grant.isEverything
            result.specials.formUnion(grant.specials)
            for (entity, rights) in grant.entities {
                result.entities[entity, default: [:]].merge(rights) { max($0, $1) }
            }
        }
        for entity in result.entities.keys {
            let seeing = grants.filter { $0.entities[entity]?["view"] != nil }
            guard let first = seeing.first else { continue }
            var masks = first.masks[entity] ?? [:]
            for other in seeing.dropFirst() {
                let others = other.masks[entity] ?? [:]
                masks = masks.reduce(into: [:]) { $0[$1.key] = min($1.value, others[$1.key] ?? .none) }
            }
            result.masks[entity] = masks.filter { $0.value != .none }
        }
        return result
    }

    /// What the product alone writes: nobody has these rights, whatever a role says.
    private static let writtenByProduct: [String: Set<String>] = ["webhook_delivery": ["create", "edit", "import"]]

    func scope(of user: Int64, right: String, entity: String) -> Scope? {
        if let denied = RightsSnapshot.writtenByProduct[entity], denied.contains(right) { return nil }
        guard let rights = merged[user] else { return nil }
        return rights.isEverything ? .all : rights.entities[entity]?[right]
    }

    func has(_ special: SpecialRight, user: Int64) -> Bool {
        guard let rights = merged[user] else { return false }
        return rights.isEverything || rights.specials.contains(special)
    }

    /// The users who have every right, in order.
    var administrators: [Int64] { merged.filter { $0.value.isEverything }.keys.sorted() }

    func mask(of user: Int64, entity: String, field: String) -> FieldMask {
        guard let rights = merged[user] else { return .hidden }
        if !secrets.isEmpty, secrets[entity]?.contains(field) == true { return .hidden }
        if rights.isEverything { return .none }
        let own: FieldMask = rights.masks[entity]?[field] ?? .none
        if own != .hidden, !sources.isEmpty, let read = sources[entity]?[field] {
            let isHidden: Bool = read.contains { rights.masks[$0.entity]?[$0.field] == .hidden }
            if isHidden { return .hidden }
        }
        return own
    }

    /// The users who share a team with a user, that user included.
    func teammates(of user: Int64) -> [Int64] { mates[user] ?? [user] }

    func isActive(_ user: Int64) -> Bool { people[user]?.isActive ?? false }
}
