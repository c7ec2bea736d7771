import PluginAPI

/// All addresses of the JSON front and of the pages, with what each asks for. An address that does not stand here does not exist.
/// The routes of plugins stand in the registry, with the access that their declaration names.
struct RouteTable: Sendable {
    enum Finding {
        case nothing
        /// The address exists, but not with this method.
        case otherMethods([String])
        case rule(RouteRule)
    }

    let rules: [RouteRule]
    /// How many parts all addresses begin with: `/api/v1` has two.
    private let base: Int
    /// By the first part after the base.
    private let fixed: [String: [RouteRule]]
    private let ofEntities: [RouteRule]
    private let roots: [RouteRule]

    init(_ rules: [RouteRule], base: Int) {
        self.rules = rules
        self.base = base
        var fixed: [String: [RouteRule]] = [:]
        var ofEntities: [RouteRule] = []
        var roots: [RouteRule] = []
        for rule in rules {
            switch rule.parts.dropFirst(base).first {
            case nil: roots.append(rule)
            case .fixed(let name): fixed[name, default: []].append(rule)
            case .named: ofEntities.append(rule)
            }
        }
        self.fixed = fixed
        self.ofEntities = ofEntities
        self.roots = roots
    }

    /// Finds the rule of a request: fixed names come before the entities', and of these the first that fits.
    func find(_ method: String, _ path: [String]) -> Finding {
        let method = method == "HEAD" ? "GET" : method
        guard path.count > base else { return pick(method, roots.filter { $0.fits(path, from: 0) }) }
        let named: [RouteRule] = (fixed[path[base]] ?? []).filter { $0.fits(path, from: base) }
        // A name of the product's may be that of an entity, too: /roles/{record} is found here, /roles/new is the form of any record.
        if !named.isEmpty { return pick(method, named) }
        return pick(method, ofEntities.filter { $0.fits(path, from: base + 1) })
    }

    /// Whether a first part is the product's own, whatever entities there are.
    func names(_ part: String) -> Bool { fixed[part] != nil }

    private func pick(_ method: String, _ fitting: [RouteRule]) -> Finding {
        // An address of fixed parts hides those with named parts in the same place.
        guard let first = fitting.max(by: { $0.fixedParts < $1.fixedParts }) else { return .nothing }
        let same = fitting.filter { $0.fixedParts == first.fixedParts }
        if let rule = same.first(where: { $0.methods.contains(method) }) { return .rule(rule) }
        var methods: [String] = []
        for other in same.flatMap(\.methods) where !methods.contains(other) && other != "PUT" { methods.append(other) }
        return .otherMethods(methods)
    }
}

extension RouteRule {
    fileprivate var fixedParts: Int { parts.count { if case .fixed = $0 { true } else { false } } }
}
