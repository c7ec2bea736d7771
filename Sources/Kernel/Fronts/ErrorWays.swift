import PluginAPI

/// The addresses of a failure's links. Only those that the store has looked at are told.
extension CRMError.Link {
    var isTold: Bool { !path.isEmpty }

    /// What kind of way it is, as JSON names it.
    var kind: String {
        switch target {
        case .record: "record"
        case .list: "list"
        case .merge: "merge"
        @unknown default: ""
        }
    }

    /// The page.
    var href: String {
        switch target {
        case .record(_, let id): "/admin/\(path)/\(id)"
        case .list(_, let field, let id): "/admin/\(path)?\(field)=\(id)"
        case .merge(_, let id): "/admin/\(path)/\(id)/merge-in"
        @unknown default: ""
        }
    }

    /// The same in JSON.
    var api: String {
        switch target {
        case .record(_, let id): "/api/v1/\(path)/\(id)"
        case .list(_, let field, let id): "/api/v1/\(path)?\(field)=\(id)"
        case .merge(_, let id): "/api/v1/\(path)/\(id)/merge"
        @unknown default: ""
        }
    }
}

extension JSONWriter {
    /// The ways on from a failure, where it has some.
    mutating func links(_ error: CRMError) {
        let links: [CRMError.Link] = error.links.filter(\.isTold)
        guard !links.isEmpty else { return }
        key("links")
        beginArray()
        for link in links {
            beginObject()
            field("kind", link.kind)
            field("title", link.title)
            field("href", link.href)
            field("api", link.api)
            endObject()
        }
        endArray()
    }
}
