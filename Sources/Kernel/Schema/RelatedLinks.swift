import PluginAPI

/// What points at the records of an entity: declared lists first, in their order, then the rest as it is.
enum RelatedLinks {
    static func all(_ entity: EntityModel, _ registry: Registry) -> [(link: Registry.Link, list: RelatedList?)] {
        let links: [Registry.Link] = registry.links[entity.name] ?? []
        var declared: [(link: Registry.Link, list: RelatedList?)] = []
        for list in entity.extras.related {
            guard let link = links.first(where: { $0.entity.name == list.child && $0.field.name == list.field }) else { continue }
            declared.append((link, list))
        }
        let rest = links.filter { link in !declared.contains { $0.link.entity.name == link.entity.name && $0.link.field.name == link.field.name } }
        return declared + rest.map { ($0, nil) }
    }
}
