import PluginAPI

/// What a registry is composed of: the contributions of the enabled plugins in dependency order, the kernel's own first,
/// and the custom fields. Gives the checks and the builder their look-ups.
struct Composition: Sendable {
    /// What one plugin brings.
    struct Part: Sendable {
        let id: String
        let name: String
        let version: String
        let optional: [String]
        let contributions: Contributions
        /// What the administrator lets it do beyond its own records.
        var approved = PluginManifest.Capabilities()
        /// What its manifest says of a library in another language.
        var foreign: ForeignInterface?
    }

    /// An entity as its owner registered it.
    struct Owner: Sendable {
        let part: Part
        let schema: Schema
    }

    /// The name of the part that the kernel brings itself.
    static let kernel = "kernel"
    /// The places that every record has besides the fields that ``SystemSlots`` describes.
    static let recordColumns: Set<String> = ["id", "version"]

    let parts: [Part]
    let customFields: [CustomField]
    private let ids: Set<String>
    private let owners: [String: Owner]
    private let fields: [String: [String: FieldDescription]]
    private let senders: [String: (plugin: String, shape: PayloadShape)]
    private let actions: [String: Set<String>]

    init(parts: [Part], customFields: [CustomField] = []) {
        self.parts = parts
        self.customFields = customFields
        ids = Set(parts.map(\.id))
        var owners: [String: Owner] = [:]
        var fields: [String: [String: FieldDescription]] = [:]
        var senders: [String: (plugin: String, shape: PayloadShape)] = [:]
        var actions: [String: Set<String>] = [:]
        for part in parts {
            for entry in part.contributions.entities where !entry.isForeign && owners[entry.schema.name] == nil {
                let schema: Schema = entry.schema
                owners[schema.name] = Owner(part: part, schema: schema)
                let all: [FieldDescription] = SystemSlots.descriptions + schema.fields.map(\.description)
                fields[schema.name] = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }
                for hook in Self.recordHooks(of: schema.name) { senders[hook] = (part.id, Self.recordShape) }
                senders[Self.mergeHook(of: schema.name)] = (part.id, Self.mergeShape)
            }
            for hook in part.contributions.hooks where senders[hook.name] == nil { senders[hook.name] = (part.id, hook.shape) }
            for action in part.contributions.actions where !action.isExtension {
                actions[action.entity, default: []].insert(action.name)
            }
        }
        for custom in customFields where owners[custom.entity] != nil && fields[custom.entity]?[custom.name] == nil {
            fields[custom.entity]?[custom.name] = try? custom.description
        }
        self.owners = owners
        self.fields = fields
        self.senders = senders
        self.actions = actions
    }

    private static let recordShape = PayloadShape(of: RecordChanged.self)
    private static let mergeShape = PayloadShape(of: RecordsMerged.self)

    /// The hooks that every entity sends.
    static func recordHooks(of entity: String) -> [String] { ["_created", "_updated", "_deleted"].map { entity + $0 } }

    /// The hook that every entity sends when records of it became one.
    static func mergeHook(of entity: String) -> String { entity + "_merged" }

    func owner(of entity: String) -> Owner? { owners[entity] }

    func has(_ entity: String) -> Bool { owners[entity] != nil }

    func field(_ name: String, of entity: String) -> FieldDescription? { fields[entity]?[name] }

    /// Whether a view or a filter may name the field.
    func knows(_ name: String, of entity: String) -> Bool {
        Self.recordColumns.contains(name) || field(name, of: entity) != nil
    }

    /// Whether a field is there for people: it does not point at an entity that is switched off.
    func isPresent(_ name: String, of entity: String) -> Bool {
        if Self.recordColumns.contains(name) { return true }
        guard let field = field(name, of: entity) else { return false }
        return isPresent(field)
    }

    func isPresent(_ field: FieldDescription) -> Bool {
        switch field.kind {
        case .reference(let target), .references(let target): has(target)
        default: true
        }
    }

    func sender(of hook: String) -> (plugin: String, shape: PayloadShape)? { senders[hook] }

    func hasAction(_ name: String, on entity: String) -> Bool { actions[entity]?.contains(name) ?? false }

    /// Whether something that the part names may be missing because a plugin that it can do without is switched off.
    func excuses(_ part: Part) -> Bool { part.optional.contains { !ids.contains($0) } }
}

extension Filter {
    /// The fields that the condition names; those within formulas are looked up when the formulas are read.
    var namedFields: [String] {
        switch self {
        case .all(let parts), .any(let parts): parts.flatMap(\.namedFields)
        case .not(let part): part.namedFields
        // A formula and a mark name no field here.
        case .compare(Filter.formulaName, _, _), .compare(Filter.markName, _, _): []
        case .compare(let field, _, _), .oneOf(let field, _), .empty(let field): [field]
        case .search: []
        }
    }
}
