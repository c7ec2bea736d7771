import PluginAPI

extension RouteRule {
    /// Throws unless somebody has what the address asks for. Nothing is said of records here: whose they are is the store's affair.
    func admit(_ actor: Actor, _ path: [String], _ registry: Registry) throws {
        switch need {
        case .nothing, .user: return
        case .all(let rights): for right in rights { try actor.require(right) }
        case .any(let rights):
            if !rights.contains(where: { actor.can($0) }), let first = rights.first { try actor.require(first) }
        case .everything:
            let isAdministrator: Bool = actor.isElevated || actor.userID.map { actor.rights.hasEverything($0) } ?? false
            guard isAdministrator else {
                throw CRMError(.forbidden, "only administrators may do this", hint: "It concerns everything, also what roles hide.")
            }
        case .rights(let rights):
            let entity = try entity(path, registry)
            for right in rights { try actor.require(right, on: entity) }
        case .named(let part):
            let entity = try entity(path, registry)
            let right = self.part(part, of: path) ?? ""
            // What is no right at all is nothing that could be refused: the front says that there is none.
            guard EntityModel.generalRights.contains(right) || entity.action(right) != nil else { return try actor.require("view", on: entity) }
            try actor.require(right, on: entity)
        case .somewhere(let right):
            guard registry.entities.contains(where: { actor.can(right, on: $0.name) }) else {
                throw CRMError(.forbidden, "you may not \(right) anything", hint: "An administrator can give a role this right.")
            }
        case .settingsOrLists:
            let hasList = registry.entities.contains { $0.schema.isLookup && (actor.can("edit", on: $0.name) || actor.can("create", on: $0.name)) }
            if !hasList { try actor.require(.manageSettings) }
        }
    }

    /// The entity of the address: the one that it names, or the one whose plural is its first part.
    private func entity(_ path: [String], _ registry: Registry) throws -> EntityModel {
        let name = part("entity", of: path) ?? path.first { registry.entity(path: $0) != nil } ?? ""
        guard let entity = registry.entity(path: name) else { throw CRMError(.notFound, "there is no \(name.prefix(60))") }
        return entity
    }
}
