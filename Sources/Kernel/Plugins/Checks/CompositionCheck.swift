/// One rule about what plugins may register together. Pure: looks at what was registered and tells all problems at once.
protocol CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem]
}

/// Something that keeps a plugin from being switched on.
struct PluginProblem: Hashable, Sendable {
    /// The plugin that is refused for it.
    let plugin: String
    /// What is wrong, in lower case, without a full stop.
    let message: String
    /// What to do about it, as a sentence, or empty.
    let hint: String

    init(_ plugin: String, _ message: String, hint: String = "") {
        self.plugin = plugin
        self.message = message
        self.hint = hint
    }
}

/// All rules, in the order in which their problems are told.
enum CompositionChecks {
    static var all: [any CompositionCheck.Type] {
        [
            NameFormCheck.self, UniqueNamesCheck.self, ReservedNamesCheck.self, KeyPrefixCheck.self, FieldRulesCheck.self,
            ReferenceTargetsCheck.self, LabelFieldCheck.self, ForeignFieldsCheck.self, KnownEntitiesCheck.self, ListsCheck.self,
            ListExtrasCheck.self, DuplicatesCheck.self, BoardsCheck.self, MarksCheck.self, MetricsCheck.self, HookShapesCheck.self,
            ActionFormsCheck.self, GrantsCheck.self, RoutesCheck.self, SchedulesCheck.self, RenamesCheck.self, DashboardsCheck.self,
            ForeignHandlersCheck.self, ApprovedEntitiesCheck.self,
        ]
    }

    static func problems(in composition: Composition) -> [PluginProblem] {
        all.flatMap { $0.problems(in: composition) }
    }
}
