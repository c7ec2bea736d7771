import PluginAPI

extension StoreTransaction {
    /// Runs what may fail. The links of a failure are looked at here, with the rights of the user for whom the transaction runs:
    /// only those to something that this user may see are told.
    func telling<T>(_ body: () throws -> T) throws -> T {
        do { return try body() } catch let error as CRMError where !error.links.isEmpty { throw told(error) }
    }

    /// A failure with those of its links that the user may follow, each with a title.
    func told(_ error: CRMError) -> CRMError {
        var told = error
        told.links = error.links.compactMap { try? followed($0) }
        return told
    }

    private func followed(_ link: CRMError.Link) throws -> CRMError.Link? {
        var link = link
        let words: String
        switch link.target {
        case .record(let name, let id):
            guard let (model, label) = try reached(name, id) else { return nil }
            link.path = model.path
            words = "\(model.title) \(label)"
        case .merge(let name, let id):
            guard let (model, label) = try reached(name, id), try mayMerge(model, id) else { return nil }
            link.path = model.path
            words = "Merge into \(label)"
        case .list(let name, let field, let id):
            guard let model = registry.entity(name), model.field(field) != nil, actor.mask(field, of: name) != .hidden else { return nil }
            let count: Int = try self.count(model, where: .compare(field, .equal, .value(.integer(id.raw))))
            guard count > 0 else { return nil }
            link.path = model.path
            words = "\(count) \((count == 1 ? model.title : model.pluralTitle).lowercased())"
        @unknown default: return nil
        }
        if link.title.isEmpty { link.title = words }
        return link
    }

    private func reached(_ entity: String, _ id: RecordID) throws -> (EntityModel, label: String)? {
        guard let model = registry.entity(entity), let label = try label(entity, id.raw) else { return nil }
        return (model, label.isEmpty ? "#\(id)" : label)
    }
}
