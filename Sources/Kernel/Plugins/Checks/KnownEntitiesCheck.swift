import PluginAPI

/// Rules, screens and grants are tied to entities that are there.
enum KnownEntitiesCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        composition.parts.filter { !composition.excuses($0) }.flatMap { part -> [PluginProblem] in
            var told: Set<String> = []
            return uses(part.contributions).compactMap { what, entity in
                guard !composition.has(entity), told.insert(what + entity).inserted else { return nil }
                return PluginProblem(part.id, "\(what) names the entity \(entity), which no enabled plugin has")
            }
        }
    }

    private static func uses(_ own: Contributions) -> [(String, String)] {
        var uses: [(String, String)] = []
        uses += own.prepares.map { ("a rule", $0.entity) }
        uses += own.validations.map { ("a rule", $0.entity) }
        uses += own.saves.map { ("a reaction", $0.entity) }
        uses += own.deletions.map { ("a reaction", $0.entity) }
        uses += own.lists.map { ("a list", $0.entity) }
        uses += own.presets.map { ("view \($0.title)", $0.entity) }
        uses += own.boards.map { ("a board", $0.entity) }
        uses += own.marks.map { ("mark \($0.name)", $0.entity) }
        uses += own.details.map { ("a record page", $0.entity) }
        uses += own.actions.map { ("action \($0.name)", $0.entity) }
        uses += own.asides.map { ("what is set aside", $0.entity) }
        uses += own.panels.map { ("panel \($0.name)", $0.entity) }
        uses += own.metrics.map { ("metric \($0.key)", $0.entity) }
        uses += own.grants.map { ("a grant", $0.entity) }
        uses += own.renames.map { ("a renaming", $0.entity) }
        return uses
    }
}
