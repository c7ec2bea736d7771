import PluginAPI

/// What an address of the product asks of whoever uses it. Said once, in ``RouteTable``; what it says is checked before the
/// code behind the address is reached, and that code checks again, by record.
enum RouteNeed: Sendable, Equatable {
    /// Open to everyone.
    case nothing
    /// To be somebody. What there is to see and do is that user's own, or depends on what is sent.
    case user
    /// Rights over the deployment, all of them.
    case all([SpecialRight])
    /// One of several rights over the deployment.
    case any([SpecialRight])
    /// Every right that there is: to be an administrator.
    case everything
    /// Rights on the entity that the address names, all of them.
    case rights([String])
    /// The right that the address names with this part, on its entity: `edit`, `delete`, or an action.
    case named(String)
    /// A right on some entity or other.
    case somewhere(String)
    /// The right to manage settings, or to change one of the lists of options, which stand beside them.
    case settingsOrLists

    static func special(_ right: SpecialRight) -> RouteNeed { .all([right]) }
    static func right(_ right: String) -> RouteNeed { .rights([right]) }
}

/// An address of the product with its methods and with what it asks for.
struct RouteRule: Sendable {
    enum Part: Sendable, Equatable {
        case fixed(String)
        /// A named part; `entity` is the plural of an entity, `record` a number.
        case named(String)
    }

    let methods: [String]
    /// `/api/v1/{entity}/{id}`.
    let pattern: String
    let parts: [Part]
    let need: RouteNeed

    init(_ methods: [String], _ pattern: String, _ need: RouteNeed) {
        self.methods = methods
        self.pattern = pattern
        self.need = need
        parts = pattern.split(separator: "/").map { part in
            part.hasPrefix("{") ? .named(String(part.dropFirst().dropLast())) : .fixed(String(part))
        }
    }

    /// Whether a path is this address; the first `skipped` parts are known to be.
    func fits(_ path: [String], from skipped: Int) -> Bool {
        guard path.count == parts.count else { return false }
        for place in skipped..<parts.count {
            switch parts[place] {
            case .fixed(let text): if text != path[place] { return false }
            // A record has a number: words in its place are another address.
            case .named("record"): if path[place].isEmpty || !path[place].utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) { return false }
            case .named: continue
            }
        }
        return true
    }

    /// The part of a path that stands where the address has this name, or nil.
    func part(_ name: String, of path: [String]) -> String? {
        parts.firstIndex(of: .named(name)).flatMap { path.indices.contains($0) ? path[$0] : nil }
    }

    /// Whether it is an address of every entity.
    var isOfEntities: Bool { parts.contains(.named("entity")) }
}
