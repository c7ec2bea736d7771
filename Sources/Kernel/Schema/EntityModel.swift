import PluginAPI

/// An entity in the frozen registry: its fields (declared and made at run time), screens, rules and actions.
final class EntityModel: Sendable {
    let schema: Schema
    let plugin: String
    /// The fields of every record first, then the declared ones, then custom ones; also those not stored now.
    let fields: [FieldModel]
    let layout: RecordLayout
    let list: ListView
    let presets: [PresetView]
    /// Its boards, the one that is meant without a name first.
    let boards: [BoardView]
    /// The boards whose figures are kept.
    let figures: [BoardFigures]
    /// Whether a board was declared, also one that is not there now because of a field.
    let hasDeclaredBoard: Bool
    let marks: [MarkModel]
    let sections: [FieldSection]
    /// What stands around its lists.
    let extras: ListExtras
    let rules: EntityRules
    let actions: [ActionModel]
    /// When two records are probably the same.
    let duplicates: [DuplicateModel]
    /// Records that lists and metrics leave out unless they are asked for; nil for none.
    let aside: Filter?
    /// What plugins work out for its records, in dependency order of the plugins.
    let panels: [PanelModel]
    private let places: [String: Int]
    /// The field that names the user to whom a record belongs.
    let ownerField: FieldModel?
    let searchFields: [FieldModel]
    /// The fields that are unique, alone or together with others.
    let uniqueNames: Set<String>
    /// The field by which a record is known.
    let labelField: String
    /// The names of the hooks that every record sends.
    let hooks: RecordHooks
    /// How a row of its table is made, with a mark for each column: the version, the fields of every record, its rank if it has boards, the
    /// other stored fields.
    let insertion: String
    /// The same with the id before all others.
    let insertionWithID: String

    struct RecordHooks: Sendable {
        let created: String
        let updated: String
        let deleted: String
        let merged: String
    }

    /// Whether the labels of its records are kept in memory: of entities that change seldom, and of users.
    var hasKnownLabels: Bool { schema.isKeptInMemory || name == "user" }

    var name: String { schema.name }
    var path: String { schema.path }
    var title: String { schema.title }
    var pluralTitle: String { schema.pluralTitle }

    init(
        schema: Schema, plugin: String, fields: [FieldModel], list: ListView, presets: [PresetView], boards: [BoardView] = [],
        hasDeclaredBoard: Bool = false, marks: [MarkModel] = [], sections: [FieldSection], rules: EntityRules, actions: [ActionModel],
        extras: ListExtras = ListExtras(), duplicates: [DuplicateModel] = [], panels: [PanelModel] = [], aside: Filter? = nil
    ) {
        self.aside = aside
        self.panels = panels
        self.schema = schema
        self.plugin = plugin
        self.fields = fields
        layout = RecordLayout(entity: schema.name, names: fields.map(\.name))
        self.list = list
        self.presets = presets
        self.boards = boards
        self.marks = marks
        self.hasDeclaredBoard = hasDeclaredBoard
        self.sections = sections
        self.rules = rules
        self.extras = extras
        self.actions = actions
        self.duplicates = duplicates
        places = Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0.place) })
        storedFields = fields.filter(\.isStored)
        ownerField = fields.first { $0.description.isOwner }
        searchFields = fields.filter { $0.description.isSearchable }
        uniqueNames = Set(fields.filter(\.description.isUnique).map(\.name)).union(schema.uniqueSets.joined())
        labelField = schema.labelField
        let names = Composition.recordHooks(of: schema.name)
        hooks = RecordHooks(created: names[0], updated: names[1], deleted: names[2], merged: Composition.mergeHook(of: schema.name))
        let named: [String: FieldModel] = Dictionary(fields.map { ($0.name, $0) }) { first, _ in first }
        let owner: FieldModel? = ownerField ?? named["created_by"]
        figures = boards.compactMap { BoardFigures($0, named, owner: owner) }
        var columns: [String] = ["version", "created_at", "created_by", "updated_at", "updated_by"].map(quoted)
        if !boards.isEmpty { columns.append(quoted("rank")) }
        for field in storedFields where !field.isSystem { columns += field.columns }
        func insertion(_ columns: [String]) -> String {
            "INSERT INTO \(quoted(schema.name)) (\(columns.joined(separator: ", "))) VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))"
        }
        self.insertion = insertion(columns)
        insertionWithID = insertion([quoted("id")] + columns)
    }

    func mark(_ name: String) -> MarkModel? { marks.first { $0.name == name } }

    /// The board that is meant without a name.
    var board: BoardView? { boards.first }

    /// A field by its name, or nil; one that is not stored now is found, too.
    func field(_ name: String) -> FieldModel? { places[name].map { fields[$0] } }

    /// The fields that are there for people and files: all but those whose target is switched off.
    let storedFields: [FieldModel]

    func action(_ name: String) -> ActionModel? { actions.first { $0.name == name } }

    func panel(_ name: String) -> PanelModel? { panels.first { $0.name == name } }

    /// The fields that people fill in, in the order of the sections.
    var editableFields: [FieldModel] {
        sections.flatMap(\.fields).compactMap(field).filter { !$0.description.isReadOnly && !$0.isSystem }
    }
}

/// What runs when a record changes, each list in its total order: priority, then dependency order of the plugins, then
/// the order of registration.
struct EntityRules: Sendable {
    var prepares: [Owned<@Sendable (inout ChangeData, Transaction) throws -> Void>] = []
    var validations: [Owned<@Sendable (ChangeData) -> [Problem]>] = []
    var saves: [Owned<@Sendable (ChangeData, Transaction) throws -> Void>] = []
    var deletions: [Owned<@Sendable (RecordData, Transaction) throws -> Void>] = []
}

/// Something that a plugin contributed, with its plugin.
struct Owned<Body: Sendable>: Sendable {
    let plugin: String
    let priority: Int
    let body: Body
    /// How its code is known while it runs.
    var site = CallSite.unnamed
}

/// What a plugin works out for a record when somebody looks at it.
struct PanelModel: Sendable {
    let plugin: String
    let name: String
    let title: String
    let body: @Sendable (RecordData, Transaction) throws -> Panel
    let site: CallSite
    /// Whether it stands above the fields.
    var standsFirst = false
}

/// An action with the extensions that other plugins add to it.
struct ActionModel: Sendable {
    /// The fields and the work that one plugin gives to the action.
    struct Part: Sendable {
        let plugin: String
        let entry: Contributions.ActionEntry
        let layout: RecordLayout
        let sites: Sites

        /// How the pieces of its code are known while they run.
        struct Sites: Sendable {
            let available: CallSite
            let prefill: CallSite
            let run: CallSite
        }
    }
    let plugin: String
    let entity: String
    let name: String
    let title: String
    let summary: String
    let style: ActionStyle
    /// The action itself first, then its extensions in dependency order.
    let parts: [Part]

    /// All fields of the form, in order.
    var fields: [FieldDescription] { parts.flatMap(\.entry.fields) }
}
