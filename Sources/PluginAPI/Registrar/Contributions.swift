/// All that a plugin registered, in order. For the kernel, which checks it as a whole before any of it is visible.
public struct Contributions: Sendable {
    /// An entity and the fields it has.
    public struct EntityEntry: Sendable {
        /// Name, path, titles and fields.
        public var schema: Schema
        /// Whether it is another plugin's, of which some fields are needed.
        public var isForeign: Bool
    }
    /// A hook that the plugin sends.
    public struct HookEntry: Sendable {
        /// The hook's name.
        public var name: String
        /// What it carries.
        public var shape: PayloadShape
        /// A sentence about when it is sent.
        public var summary: String
    }
    /// A rule or reaction tied to an entity.
    public struct RuleEntry<Body: Sendable>: Sendable {
        /// The entity's name.
        public var entity: String
        /// Lower runs earlier; 0 unless given.
        public var priority: Int
        /// What runs.
        public var body: Body
    }
    /// A listener to a hook.
    public struct ListenerEntry<Body: Sendable>: Sendable {
        /// The hook's name.
        public var hook: String
        /// The listener's name, unique within the plugin: stored deliveries find it by this name.
        public var name: String
        /// What it needs the hook to carry; nil for hooks of records.
        public var shape: PayloadShape
        /// Lower runs earlier; 0 unless given.
        public var priority: Int
        /// What runs.
        public var body: Body
        /// Makes a listener. For the kernel.
        public init(hook: String, name: String, shape: PayloadShape, priority: Int, body: Body) {
            self.hook = hook
            self.name = name
            self.shape = shape
            self.priority = priority
            self.body = body
        }
    }
    /// An action or an extension of one.
    public struct ActionEntry: Sendable {
        /// The entity's name.
        public var entity: String
        /// The action's name.
        public var name: String
        /// The words on the button.
        public var title: String
        /// A sentence that says what it does.
        public var summary: String
        /// How the button looks.
        public var style: ActionStyle
        /// What it asks for.
        public var fields: [FieldDescription]
        /// Whether it adds to another plugin's action.
        public var isExtension: Bool
        /// Whether it makes sense for a record.
        public var isAvailable: @Sendable (RecordData) -> Bool
        /// Fills in guesses.
        public var prefill: @Sendable (inout ActionData, Transaction) throws -> Void
        /// Completes what was filled in.
        public var complete: @Sendable (inout ActionData, Transaction) throws -> Void = { _, _ in }
        /// Chooses what a dialog begins with in addition.
        public var suggest: @Sendable (inout ActionData, Transaction) throws -> Void = { _, _ in }
        /// Does it.
        public var run: @Sendable (inout ActionData, Transaction) throws -> Void
    }
    /// A call of an action without types.
    public struct ActionData: Sendable {
        /// The record.
        public var target: RecordData
        /// What was filled in, in the order of the entry's fields.
        public var input: RecordData
        /// What came of it.
        public var results: [String: Value] = [:]
        /// What to tell the user.
        public var message = ""
        /// The record to open next.
        public var opens: (entity: String, id: RecordID)?
        /// Makes a call.
        public init(target: RecordData, input: RecordData) {
            self.target = target
            self.input = input
        }
    }
    /// A part of a dashboard.
    public struct WidgetEntry: Sendable {
        /// The dashboard's name.
        public var dashboard: String
        /// Lower stands earlier; equal ones stand in the order of plugins and registration.
        public var order: Int
        /// What it shows.
        public var widget: Widget
    }
    /// A panel of a record's page.
    public struct PanelEntry: Sendable {
        /// The entity's name.
        public var entity: String
        /// The panel's name, unique among those of the entity.
        public var name: String
        /// The words above it.
        public var title: String
        /// Whether it stands above the fields.
        public var standsFirst = false
        /// Works it out.
        public var body: @Sendable (RecordData, Transaction) throws -> Panel
        /// Makes an entry. For the kernel.
        public init(
            entity: String, name: String, title: String, body: @escaping @Sendable (RecordData, Transaction) throws -> Panel
        ) {
            self.entity = entity
            self.name = name
            self.title = title
            self.body = body
        }
    }
    /// Records that are set aside.
    public struct AsideEntry: Sendable {
        /// The entity's name.
        public var entity: String
        /// Which records.
        public var filter: Filter
        /// Makes an entry. For the kernel.
        public init(entity: String, filter: Filter) {
            self.entity = entity
            self.filter = filter
        }
    }
    /// A job.
    public struct JobEntry: Sendable {
        /// The name: `<plugin>.<name>`.
        public var name: String
        /// When it runs.
        public var schedule: Schedule
        /// What runs.
        public var body: @Sendable (Context) async throws -> Void
    }
    /// A route.
    public struct RouteEntry: Sendable {
        /// The verb.
        public var method: HTTPMethod
        /// The path below `/plugins/<id>/`, with `{names}`.
        public var path: String
        /// Who may call it.
        public var access: RouteAccess
        /// What answers.
        public var body: @Sendable (RouteRequest, Context) async throws -> RouteResponse
    }
    /// A setting.
    public struct SettingEntry: Sendable {
        /// The key.
        public var key: String
        /// Its type, label and rules.
        public var field: FieldDescription
        /// The value while none is stored.
        public var fallback: Value
    }
    /// A named migration.
    public struct MigrationEntry: Sendable {
        /// The name, unique within the plugin; never changed once released.
        public var name: String
        /// What it does, after the tables and columns are there.
        public var body: @Sendable (Transaction) throws -> Void
    }
    /// A column that got another name.
    public struct RenameEntry: Sendable {
        /// The entity's name.
        public var entity: String
        /// The old name.
        public var from: String
        /// The new name.
        public var to: String
    }
    /// A right that a default role has.
    public struct GrantEntry: Sendable {
        /// The role.
        public var role: DefaultRole
        /// The entity's name.
        public var entity: String
        /// The grant.
        public var grant: Grant
    }

    /// Entities, own and foreign.
    public var entities: [EntityEntry] = []
    /// Lists.
    public var lists: [ListView] = []
    /// Tabs.
    public var presets: [PresetView] = []
    /// Boards.
    public var boards: [BoardView] = []
    /// Marks.
    public var marks: [MarkView] = []
    /// Record pages.
    public var details: [DetailView] = []
    /// Figures above lists.
    public var listCards: [ListCards] = []
    /// Columns that count what points at a record.
    public var countColumns: [CountColumn] = []
    /// How records that point at a record are shown on its page.
    public var relatedLists: [RelatedList] = []
    /// Hooks sent.
    public var hooks: [HookEntry] = []
    /// Fills in fields before the rules are checked.
    public var prepares: [RuleEntry<@Sendable (inout ChangeData, Transaction) throws -> Void>] = []
    /// Checks a record.
    public var validations: [RuleEntry<@Sendable (ChangeData) -> [Problem]>] = []
    /// Reacts to a stored change, in the transaction.
    public var saves: [RuleEntry<@Sendable (ChangeData, Transaction) throws -> Void>] = []
    /// Reacts to a deletion before it happens, in the transaction.
    public var deletions: [RuleEntry<@Sendable (RecordData, Transaction) throws -> Void>] = []
    /// Listens in the transaction.
    public var listeners: [ListenerEntry<@Sendable (HookEvent, Transaction) throws -> Void>] = []
    /// Listens after the transaction.
    public var afters: [ListenerEntry<@Sendable (HookEvent, Context) async throws -> Void>] = []
    /// Actions and extensions.
    public var actions: [ActionEntry] = []
    /// Records that lists and metrics leave out.
    public var asides: [AsideEntry] = []
    /// Panels of record pages.
    public var panels: [PanelEntry] = []
    /// Metrics.
    public var metrics: [Metric] = []
    /// Dashboards.
    public var dashboards: [DashboardView] = []
    /// Parts of dashboards, of this plugin or of others.
    public var widgets: [WidgetEntry] = []
    /// Jobs.
    public var jobs: [JobEntry] = []
    /// Routes.
    public var routes: [RouteEntry] = []
    /// Settings.
    public var settings: [SettingEntry] = []
    /// Named migrations, in order.
    public var migrations: [MigrationEntry] = []
    /// What the plugin says to its own upgrade.
    public var upgradeChecks: [@Sendable (OldData) throws -> Void] = []
    /// Renamed columns, in order.
    public var renames: [RenameEntry] = []
    /// Rights of default roles.
    public var grants: [GrantEntry] = []
    /// When records are probably the same.
    public var duplicates: [DuplicateEntry] = []
    /// Functions that formulas may call.
    public var functions: [FunctionEntry] = []
    /// Named demo data, filled in only on request.
    public var demos: [MigrationEntry] = []
}
