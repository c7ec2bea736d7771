import PluginAPI

/// Why a user has a right, or has it not: for `tenon role explain` and the page of the same purpose.
struct Explanation: Sendable, Equatable {
    /// How far the right reaches; nil when the user does not have it.
    var scope: Scope?
    /// The answer first, then each role's part in it, as sentences.
    var lines: [String]
}

extension EntityModel {
    /// The rights that there are on the entity: the general ones, then its actions.
    var rights: [String] { EntityModel.generalRights + actions.map(\.name) }

    static let generalRights = ["view", "create", "edit", "delete", "import", "export"]
    /// The rights that nobody has, whatever a role says: on what its plugin alone writes, and on a log, which nobody tidies up either.
    var closedRights: Set<String> {
        if schema.isLog { return ["create", "edit", "delete", "import"] }
        return schema.isWrittenByPlugin ? ["create", "edit", "import"] : []
    }
}

extension RightsSnapshot {
    /// Says which roles grant a user a right on an entity and how far, which fields are masked, or why nothing is granted.
    func explain(user: Int64, entity name: String, right: String, registry: Registry) throws -> Explanation {
        let entity = try registry.require(name)
        guard entity.rights.contains(right) else {
            throw CRMError(
                .notFound, "there is no right \(right) on \(entity.pluralTitle.lowercased())",
                hint: "There are: \(entity.rights.joined(separator: ", ")).")
        }
        guard let person = people[user] else { throw CRMError(.notFound, "there is no user \(user)") }
        let plural = entity.pluralTitle.lowercased()
        guard person.isActive else {
            return Explanation(scope: nil, lines: ["\(person.name) may do nothing: the user is not active."])
        }
        let scope = self.scope(of: user, right: right, entity: name)
        var lines: [String] = []
        if let scope {
            lines.append("\(person.name) may \(right.spaced) \(scope.words(plural)).")
        } else {
            lines.append("\(person.name) may not \(right.spaced) \(plural).")
        }
        let held = person.roles.compactMap { roles[$0] }.sorted { $0.name < $1.name }
        if held.isEmpty { lines.append("The user has no role, and nothing is granted without one.") }
        for role in held { lines.append(role.part(in: right, of: name, plural: plural)) }
        if scope == .team { lines.append("\(person.name) shares a team with \(teamWords(of: user)).") }
        if scope != nil, entity.ownerField == nil, scope != .all {
            lines.append("\(entity.pluralTitle) have no owner field: each belongs to whoever made it.")
        }
        if scope != nil { lines += maskLines(user: user, entity: entity) }
        return Explanation(scope: scope, lines: lines)
    }

    private func teamWords(of user: Int64) -> String {
        let others = teammates(of: user).filter { $0 != user }.compactMap { people[$0]?.name }.sorted()
        if others.isEmpty { return "nobody" }
        return others.count <= 8 ? others.joined(separator: ", ") : "\(others.count) others"
    }

    private func maskLines(user: Int64, entity: EntityModel) -> [String] {
        entity.storedFields.compactMap { field -> String? in
            switch mask(of: user, entity: entity.name, field: field.name) {
            case .none: nil
            case .readOnly: "The field \(field.label) is read-only: \(maskers(user, entity.name, field.name))."
            case .hidden: "The field \(field.label) is hidden: \(maskers(user, entity.name, field.name))."
            }
        }
    }

    /// Which roles put the mask on a field; it counts only when no role that sees the entity shows the field.
    private func maskers(_ user: Int64, _ entity: String, _ field: String) -> String {
        let seeing = (people[user]?.roles ?? []).compactMap { roles[$0] }.filter { $0.grants.entities[entity]?["view"] != nil }
        let names = seeing.filter { $0.grants.masks[entity]?[field] != nil }.map(\.name).sorted()
        return "by " + names.map { "the role " + $0 }.joined(separator: " and ")
    }
}

extension RightsSnapshot.Role {
    fileprivate func part(in right: String, of entity: String, plural: String) -> String {
        if grants.isEverything { return "The role \(name) grants everything." }
        if let scope = grants.entities[entity]?[right] {
            return "The role \(name) grants \(right) on \(scope.words(plural))."
        }
        if grants.entities[entity]?.isEmpty ?? true { return "The role \(name) grants nothing on \(plural)." }
        return "The role \(name) grants other rights on \(plural), but not \(right)."
    }
}

extension Scope {
    fileprivate func words(_ plural: String) -> String {
        switch self {
        case .own: "the user's own \(plural)"
        case .team: "\(plural) of the user's teams"
        case .all: "all \(plural)"
        }
    }
}

extension String {
    fileprivate var spaced: String { replacing("-", with: " ") }
}
