import PluginAPI

/// Builds one entity of the registry: its fields with the custom ones, its screens without what is switched off, its rules and
/// actions from all plugins.
struct EntityBuilder {
    /// How many columns a list has when its plugin does not say which.
    private static let columnsByDefault = 6

    private let schema: Schema
    private let part: Composition.Part
    private let composition: Composition

    init(_ schema: Schema, _ part: Composition.Part, _ composition: Composition) {
        self.schema = schema
        self.part = part
        self.composition = composition
    }

    func model() -> EntityModel {
        let fields: [FieldModel] = self.fields()
        return EntityModel(
            schema: schema, plugin: part.id, fields: fields, list: list(fields), presets: presets(), boards: boards(),
            hasDeclaredBoard: !all(\.boards).filter { $0.entity == schema.name }.isEmpty, marks: marks(), sections: sections(fields),
            rules: rules(), actions: actions(), extras: extras(), duplicates: duplicates(fields), panels: panels(), aside: aside())
    }

    // MARK: Fields

    private func fields() -> [FieldModel] {
        var fields: [FieldModel] = []
        func add(_ description: FieldDescription, _ plugin: String, _ custom: CustomFieldDefinition? = nil) {
            fields.append(
                FieldModel(
                    description, place: fields.count, plugin: plugin, isStored: composition.isPresent(description),
                    formula: custom?.kind == "formula" ? custom?.formula : nil, formulaFunctions: custom?.functions ?? [:]))
        }
        for description in SystemSlots.descriptions { add(description, Composition.kernel) }
        for field in schema.fields { add(field.description, part.id) }
        for custom in composition.customFields where custom.entity == schema.name {
            if let description = try? custom.description { add(description, Composition.kernel, custom.definition) }
        }
        return fields
    }

    private func present(_ names: [String]) -> [String] { names.filter { composition.isPresent($0, of: schema.name) } }

    // MARK: Screens

    private func list(_ fields: [FieldModel]) -> ListView {
        let registered: ListView? = first(\.lists) { $0.entity == schema.name }
        guard var list = registered else {
            let columns: [String] = fields.filter { isShown($0) && $0.type != .json }.prefix(Self.columnsByDefault).map(\.name)
            return ListView(entity: schema.name, columns: columns, filters: [], sort: Sort(field: "created_at", descending: true))
        }
        list.columns = present(list.columns)
        list.filters = present(list.filters)
        if !composition.isPresent(list.sort.field, of: schema.name) { list.sort = Sort(field: "created_at", descending: true) }
        return list
    }

    private func isShown(_ field: FieldModel) -> Bool { !field.isSystem && field.isStored && !field.description.isHidden }

    private func presets() -> [PresetView] {
        all(\.presets).filter { preset in
            preset.entity == schema.name && preset.filter.namedFields.allSatisfy { composition.isPresent($0, of: schema.name) }
        }
    }

    private func boards() -> [BoardView] {
        let boards: [BoardView] = all(\.boards).filter { $0.entity == schema.name }.compactMap { declared in
            var board: BoardView = declared
            var needed: [String] = [board.by] + board.cards.namedFields
            // A picker of months may go; a board for each of something is none without it.
            if let within = board.within, !board.isByMonth { needed.append(within) }
            guard present(needed).count == needed.count else { return nil }
            if let within = board.within, present([within]).isEmpty { board.within = nil }
            board.card = present(board.card)
            board.sums = present(board.sums)
            board.rows = present(board.rows)
            board.sum = board.sums.first
            return board
        }
        return boards.filter { $0.name == BoardView.standardName } + boards.filter { $0.name != BoardView.standardName }
    }

    private func marks() -> [MarkModel] {
        all(\.marks).filter { mark in
            mark.entity == schema.name && mark.filter.namedFields.allSatisfy { composition.isPresent($0, of: schema.name) }
        }.map(MarkModel.init)
    }

    /// The declared groups; fields that administrators added stand in a group of their own after them.
    private func sections(_ fields: [FieldModel]) -> [FieldSection] {
        func section(_ title: String, _ names: [String]) -> FieldSection {
            var section = FieldSection(title)
            section.fields = names
            return section
        }
        guard let detail = first(\.details, where: { $0.entity == schema.name }) else {
            return [section("", fields.filter(isShown).map(\.name))]
        }
        let sections: [FieldSection] = detail.sections.map { section($0.title, present($0.fields)) }
        let added: [String] = fields.filter { $0.description.isCustom && isShown($0) }.map(\.name)
        return (added.isEmpty ? sections : sections + [section("More", added)]).filter { !$0.fields.isEmpty }
    }

    /// Counts and related lists over what is switched off are left out.
    private func extras() -> ListExtras {
        func isThere(_ child: String, _ field: String) -> Bool { composition.isPresent(field, of: child) }
        return ListExtras(
            cards: all(\.listCards).filter { $0.entity == schema.name }.flatMap(\.metrics),
            counts: all(\.countColumns).filter { $0.entity == schema.name && isThere($0.child, $0.field) },
            related: all(\.relatedLists).filter { $0.entity == schema.name && isThere($0.child, $0.field) }.map { list in
                var list: RelatedList = list
                list.columns = list.columns.filter { isThere(list.child, $0) }
                return list
            })
    }

    // MARK: Rules and actions

    private func rules() -> EntityRules {
        var rules = EntityRules()
        rules.prepares = bodies(\.prepares, .prepare)
        rules.validations = bodies(\.validations, .validate)
        rules.saves = bodies(\.saves, .onSave)
        rules.deletions = bodies(\.deletions, .onDelete)
        return rules
    }

    private func bodies<Body: Sendable>(
        _ entries: KeyPath<Contributions, [Contributions.RuleEntry<Body>]>, _ kind: CallKind
    ) -> [Owned<Body>] {
        var bodies: [Owned<Body>] = []
        for part in composition.parts {
            var count = 0
            for entry in part.contributions[keyPath: entries] where entry.entity == schema.name {
                count += 1
                // The second rule of a plugin for one entity is told apart by its number.
                let name: String = count == 1 ? schema.name : "\(schema.name) #\(count)"
                bodies.append(
                    Owned(plugin: part.id, priority: entry.priority, body: entry.body, site: .of(part.id, kind, name)))
            }
        }
        return bodies.inOrder()
    }

    /// A rule over what is switched off is left out.
    private func duplicates(_ fields: [FieldModel]) -> [DuplicateModel] {
        all(\.duplicates).filter { $0.entity == schema.name }.flatMap(\.rules).compactMap { rule in
            let compared: [FieldModel] = rule.fields.compactMap { name in fields.first { $0.name == name && $0.isStored } }
            return compared.count == rule.fields.count ? DuplicateModel(kind: rule.kind, fields: compared) : nil
        }
    }

    private func actions() -> [ActionModel] {
        var actions: [ActionModel] = []
        for part in composition.parts {
            for entry in part.contributions.actions where entry.entity == schema.name && !entry.isExtension {
                actions.append(
                    ActionModel(
                        plugin: part.id, entity: schema.name, name: entry.name, title: entry.title, summary: entry.summary,
                        style: entry.style, parts: [actionPart(entry, part)] + extensions(of: entry.name)))
            }
        }
        return actions
    }

    private func extensions(of action: String) -> [ActionModel.Part] {
        composition.parts.flatMap { part in
            part.contributions.actions
                .filter { $0.isExtension && $0.entity == schema.name && $0.name == action }
                .map { actionPart($0, part) }
        }
    }

    /// A field of a form that points at what is switched off keeps its place and is not asked for.
    private func actionPart(_ entry: Contributions.ActionEntry, _ part: Composition.Part) -> ActionModel.Part {
        var entry: Contributions.ActionEntry = entry
        for index in entry.fields.indices where !composition.isPresent(entry.fields[index]) {
            entry.fields[index].isHidden = true
            entry.fields[index].isRequired = false
        }
        let layout = RecordLayout(entity: "\(entry.entity).\(entry.name)", names: entry.fields.map(\.name))
        let name: String = "\(entry.entity).\(entry.name)"
        let sites = ActionModel.Part.Sites(
            available: .of(part.id, .available, name), prefill: .of(part.id, .prefill, name), run: .of(part.id, .action, name))
        return ActionModel.Part(plugin: part.id, entry: entry, layout: layout, sites: sites)
    }

    /// What any plugin sets aside, as far as its fields are there.
    private func aside() -> Filter? {
        let filters: [Filter] = all(\.asides).filter { entry in
            entry.entity == schema.name && entry.filter.namedFields.allSatisfy { composition.isPresent($0, of: schema.name) }
        }.map(\.filter)
        return filters.isEmpty ? nil : filters.count == 1 ? filters[0] : .any(filters)
    }

    private func panels() -> [PanelModel] {
        composition.parts.flatMap { part in
            part.contributions.panels.filter { $0.entity == schema.name }.map { entry in
                PanelModel(
                    plugin: part.id, name: entry.name, title: entry.title, body: entry.body,
                    site: .of(part.id, .panel, "\(entry.entity).\(entry.name)"), standsFirst: entry.standsFirst)
            }
        }
    }

    // MARK: Look-ups

    private func all<Entry>(_ entries: KeyPath<Contributions, [Entry]>) -> [Entry] {
        composition.parts.flatMap { $0.contributions[keyPath: entries] }
    }

    private func first<Entry>(_ entries: KeyPath<Contributions, [Entry]>, where matches: (Entry) -> Bool) -> Entry? {
        all(entries).first(where: matches)
    }
}
