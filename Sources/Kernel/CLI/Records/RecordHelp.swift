import PluginAPI

/// Help for the record commands, made from what the deployment tells of its records.
struct RecordHelp: Sendable {
    private let command: RecordCommand
    private let entity: EntityInfo
    private let width: Int

    init(_ command: RecordCommand) {
        self.command = command
        entity = command.entity
        width = command.session.terminal.width ?? 100
    }

    private var plural: String { entity.pluralTitle.lowercased() }
    private var singular: String { entity.title.lowercased() }
    private var name: String { command.command }

    /// `tenon <plural> --help`
    var overview: String {
        var page = HelpPage(width: width)
        page.overview("Work with \(plural) in the terminal.")
        page.usage("\(name) <command> …")
        page.section("Commands", RecordCommand.verbs(of: entity).map { ($0.name, $0.summary) })
        page.section("Actions", entity.actions.map { ($0.name, summary($0)) })
        page.section("Fields", entity.fields.filter { !$0.isHidden && !$0.isSystem }.map { ($0.name, fieldSummary($0)) })
        page.lines("Examples", examples("list").prefix(2) + ["\(name) show 42"] + examples("add").prefix(1) + ["\(name) list --help"])
        return page.page
    }

    /// The help of a verb or action; nil when there is no such one.
    func text(for verb: String) -> String? {
        var page = HelpPage(width: width)
        switch verb {
        case "list", "ls":
            page.overview("List \(plural), filtered and sorted.")
            page.usage("\(name) list [<options>]")
            page.options("Options", RecordListing.specs)
            filters(&page)
        case "show":
            page.overview("Show one \(singular) with its fields, what belongs to it, and its latest changes.")
            page.usage("\(name) show <id|name> [--brief]")
            page.options("Options", RecordPage.specs)
        case "add", "new", "create":
            page.overview("Add \(article) \(singular).")
            page.usage("\(name) add --field value …")
            page.options("Fields", FieldArguments.specs(entity.editable))
            page.options("Options", RecordWriting.addSpecs)
        case "edit", "set", "update":
            page.overview("Change fields of one or more \(plural). An empty value (--field \"\") empties a field.")
            page.usage("\(name) edit <id|name> … --field value …")
            page.options("Fields", FieldArguments.specs(entity.editable))
            page.options("Options", RecordWriting.editSpecs)
        case "delete", "rm":
            page.overview("Delete one or more \(plural), after a question.")
            page.usage("\(name) delete <id|name> … [--yes]")
        case "merge":
            page.overview(
                "Make one \(singular) of several. The first one stays and keeps its values; where it has none, the newest one is taken. "
                    + "What points at the others points at it then. `tenon changes undo` takes it back.")
            page.usage("\(name) merge <id|name> <id|name> … [--take field=id] [--yes]")
            page.options("Options", RecordMerge.specs)
        case "duplicates":
            page.overview("Find what one \(singular) is probably the same as; without an id, all \(plural) that are probably there twice.")
            page.usage("\(name) duplicates [<id|name>]")
        case "board" where !entity.boards.isEmpty:
            page.overview("Show a board: its columns with counts and sums, and their first cards; or its figures by a field.")
            page.usage("\(name) board [<board>] [<options>]")
            page.section("Boards", entity.boards.map { ($0.name, $0.title + ", by " + (entity.field($0.by)?.label.lowercased() ?? $0.by) + ($0.rows.isEmpty ? "." : "; rows by \($0.rows.joined(separator: ", ")).")) })
            page.options("Options", RecordBoard.specs)
            filters(&page)
        case "timeline":
            page.overview("Show who changed what of one \(singular), the latest first.")
            page.usage("\(name) timeline <id|name> [--limit <count>]")
            page.options("Options", RecordTimeline.specs)
        case "notes":
            page.overview("List the notes on one \(singular), the latest first.")
            page.usage("\(name) notes <id|name> [--limit <count>]")
            page.options("Options", RecordNotes.listSpecs)
        case "note":
            page.overview("Write a note on \(article) \(singular), or change or delete one. - as the text reads standard input.")
            page.usage("\(name) note <id|name> <text>")
            page.options("Options", RecordNotes.writeSpecs)
        case "panel", "panels":
            page.overview("Show what modules work out for one \(singular): all of it, or one panel by its name.")
            page.usage("\(name) panel <id|name> [<panel>]")
            page.section("Panels", entity.panels.map { ($0.name, $0.title + ".") })
        case "import":
            page.overview(
                "Create or update \(plural) from a CSV file, or from vCards (.vcf), a card a row. Columns are matched with fields by their names and contents; --map says otherwise. "
                    + "Nothing is changed when a row has an error, unless --skip-errors is given.")
            page.usage("\(name) import <file> [<options>]")
            page.options("Options", RecordImport.specs)
            page.section("Fields", entity.editable.map { ($0.name, fieldSummary($0)) })
        case "export":
            page.overview("Write all \(plural) that match as CSV or JSON.")
            page.usage("\(name) export [<options>]")
            page.options("Options", RecordExport.specs)
            filters(&page)
        case "cards" where entity.hasCards:
            page.overview("Show the figures that stand above the list of \(plural).")
            page.usage("\(name) cards")
        case "order" where entity.isOrdered:
            page.overview("Put \(plural) in this order among themselves; the others stay where they are.")
            page.usage("\(name) order <id|name> <id|name> …")
        default:
            guard let action = entity.action(verb) else { return nil }
            page.overview(summary(action))
            page.usage("\(name) \(action.name) <id|name> …" + (action.fields.isEmpty ? "" : " --field value …"))
            page.options("Fields", FieldArguments.specs(action.fields))
            page.options("Options", FieldArguments.common)
        }
        page.options("Global options", ClientOptions.specs)
        page.lines("Examples", examples(verb))
        return page.page
    }

    private func filters(_ page: inout HelpPage) {
        let fields = entity.fields.filter { !$0.isHidden || $0.isReadOnly }
        page.section("Filters", fields.map { ("--\($0.option) <\($0.placeholder)>", filterSummary($0)) })
        page.options("Besides", RecordFilter.asideSpecs(entity))
        let names = RecordFilter.comparisons.map(\.name).joined(separator: " ")
        page.lines("Comparisons", ["--field.op value, or --where 'field.op=value', with op one of", names])
    }

    private var article: String { "aeiou".contains(singular.first ?? "x") ? "an" : "a" }

    private func summary(_ action: ActionInfo) -> String {
        if !action.summary.isEmpty { return action.summary }
        return action.title.hasSuffix(".") ? action.title : action.title + "."
    }

    private func fieldSummary(_ field: FieldInfo) -> String {
        if field.isReadOnly || field.isSystem { return field.label + "; set by the product." }
        return FieldArguments.help(field)
    }

    private func filterSummary(_ field: FieldInfo) -> String {
        switch field.kind {
        case .choice where field.options.count > 5:
            return "\(field.label); one of \(field.options.map(\.key).joined(separator: ", "))."
        case .reference, .references:
            let target = field.target.readable.lowercased()
            return "\(field.label); \(target) by id or name\(field.target == "user" ? ", or me" : "")."
        case .day, .moment: return "\(field.label); also today, -14d or +3d."
        default: return "\(field.label)."
        }
    }

    // MARK: Examples

    private func examples(_ verb: String) -> [String] {
        let filter = entity.filters.compactMap(entity.field).first { $0.kind == .choice || $0.kind == .reference } ?? entity.editable.first
        let number = entity.fields.first { $0.isNumeric && !$0.isHidden && !$0.isSystem }
        let label = entity.field(entity.labelField).flatMap { $0.isReadOnly ? nil : $0 }
        let required = entity.editable.filter(\.mustBeGiven)
        switch verb {
        case "list", "ls":
            return [
                filter.map { $0.kind == .text ? "\(name) list --where '\($0.name)~berg'" : "\(name) list --\($0.option) \(example($0))" },
                number.map { "\(name) list --where '\($0.name).gte=\(example($0))' --sort -\($0.name) --limit 10" },
                "\(name) list -q berg --json",
            ].compactMap { $0 }
        case "show": return ["\(name) show 42", "\(name) show 42 --json"]
        case "add", "new", "create":
            var fields = required
            if let label, !fields.contains(where: { $0.name == label.name }) { fields.insert(label, at: 0) }
            if fields.count < 2, let more = number ?? filter, !more.isReadOnly, !fields.contains(where: { $0.name == more.name }) { fields.append(more) }
            let options = fields.prefix(3).map { "--\($0.option) \(example($0))" }.joined(separator: " ")
            return ["\(name) add \(options)", "\(name) add --file record.json"]
        case "edit", "set", "update":
            let field = filter.flatMap { $0.isReadOnly ? nil : $0 } ?? entity.editable.first
            return [field.map { "\(name) edit 42 --\($0.option) \(example($0))" }, field.map { "\(name) edit 4 5 6 --\($0.option) \(example($0))" }]
                .compactMap { $0 }
        case "delete", "rm": return ["\(name) delete 42", "\(name) delete 4 5 6 --yes"]
        case "merge":
            let field = label ?? entity.editable.first
            return ["\(name) merge 42 57"] + (field.map { ["\(name) merge 42 57 --take \($0.name)=57 --yes"] } ?? [])
        case "duplicates": return ["\(name) duplicates", "\(name) duplicates 42"]
        case "board":
            let other = entity.boards.dropFirst().first
            return ["\(name) board", "\(name) board --cards 3", other.map { "\(name) board \($0.name)" }, entity.boards.first { !$0.rows.isEmpty }.map { "\(name) board \($0.name) --rows \($0.rows[0])" }].compactMap { $0 }
        case "timeline": return ["\(name) timeline 42"]
        case "cards" where entity.hasCards: return ["\(name) cards --json"]
        case "order" where entity.isOrdered: return ["\(name) order 3 1 2"]
        case "notes": return ["\(name) notes 42"]
        case "note": return ["\(name) note 42 \"Calls back on Tuesday\"", "\(name) note 42 --edit 7 \"Calls back on Friday\"", "\(name) note 42 --delete 7"]
        case "panel", "panels": return ["\(name) panel 42"] + entity.panels.prefix(1).map { "\(name) panel 42 \($0.name)" }
        case "import":
            return [
                "\(name) import file.csv --dry-run",
                label.map { "\(name) import file.csv --map 'Full name=\($0.name)' --match \($0.name) --mode both" },
                "\(name) import file.csv --skip-errors --errors left-out.csv",
            ].compactMap { $0 }
        case "export":
            let columns = entity.columns.filter { $0 != "id" }.prefix(3).joined(separator: ",")
            return ["\(name) export -o \(entity.path).csv", "\(name) export --format json --columns \(columns)"]
        default:
            guard let action = entity.action(verb) else { return [] }
            let asked = action.fields.filter { $0.mustBeGiven && $0.shownWhen == nil }
            let options = asked.map { " --\($0.option) \(example($0))" }.joined()
            return ["\(name) \(action.name) 42\(options)"]
        }
    }

    private func example(_ field: FieldInfo) -> String {
        switch field.kind {
        case .text: field.name.contains("email") ? "anna@example.com" : field.isMultiline ? "\"A longer text\"" : "\"A short text\""
        case .integer: "10"
        case .boolean: "true"
        case .decimal: "12.5"
        case .money: "1000"
        case .day: "2026-12-31"
        case .moment: "2026-12-31T12:00:00Z"
        case .reference: field.target == "user" ? "me" : "1"
        case .references: "1,2"
        case .choice: field.options.first?.key ?? "key"
        case .json: "'{}'"
        }
    }
}
