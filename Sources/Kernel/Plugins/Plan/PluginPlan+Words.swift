import PluginAPI

extension PluginPlan.Step {
    /// What happens, as people read it: a heading and its lines.
    struct Section: Sendable {
        enum Tone: Sendable { case plain, question, loss }
        /// What is said, and what it is made of, for those who want to know.
        struct Line: Sendable {
            let text: String
            var details: [String] = []
        }
        let title: String
        let lines: [Line]
        var tone = Tone.plain

        /// The lines without their details, as one.
        var brief: String { lines.map(\.text).joined(separator: ", ") }
    }

    private static let kinds: [(key: String, word: String)] = [
        ("entities", "Entities"), ("actions", "Actions"), ("extensions", "Extends actions"), ("hooks", "Sends hooks"),
        ("listens", "Listens to hooks"), ("jobs", "Jobs"), ("routes", "Routes"), ("functions", "Functions"), ("metrics", "Metrics"),
        ("settings", "Settings"),
    ]

    /// All sections that say something, in the order in which they matter.
    var sections: [Section] {
        var all: [Section] = []
        func add(_ title: String, lines: [Section.Line], _ tone: Section.Tone = .plain) {
            if !lines.isEmpty { all.append(Section(title: title, lines: lines, tone: tone)) }
        }
        func add(_ title: String, _ lines: [String], _ tone: Section.Tone = .plain) { add(title, lines: lines.map { Section.Line(text: $0) }, tone) }
        func lost(_ kind: String) -> [Section.Line] { drops.filter { $0.kind == kind }.map(\.line) }
        add("Deletes for good", lines: Self.gathered(drops.filter { !PluginPlan.Holding.apart.contains($0.kind) }), .loss)
        add("Sets empty", lines: lost("reference"), .loss)
        add("Switches off", lines: lost("webhook"), .loss)
        add("Goes on with less", lines: lost("subscription"), .loss)
        add("Asks you to approve", approvals, .question)
        add("May already", asks.filter { !approvals.contains($0) })
        add("New tables", tables)
        add("New columns", columns)
        add("New indexes", lines: Self.counted(indexes))
        add("Indexes no longer needed", lines: Self.counted(drops.filter { $0.kind == "index" }.map(\.name)))
        add("Runs migrations", migrations)
        add("Rights for roles", lines: Self.grouped(rights))
        for kind in Self.kinds { add(kind.word, adds[kind.key] ?? []) }
        for kind in Self.kinds { add("No more: " + kind.word.lowercased(), removes[kind.key] ?? []) }
        add("Your fields there", customFields)
        add("Data that stays", keeps.map(\.words))
        add("Note", notes)
        return all
    }

    /// What is counted for each entity alike is one line, with the entities behind it.
    private static func gathered(_ drops: [PluginPlan.Holding]) -> [Section.Line] {
        var lines: [Section.Line] = []
        // Tables without records are no loss worth a line each.
        let empty: [String] = drops.filter { $0.kind == "table" && $0.rows == 0 }.map(\.name)
        if empty.count > 1 { lines.append(Section.Line(text: "\(empty.count) empty tables", details: empty)) }
        for (place, drop) in drops.enumerated() where empty.count < 2 || !empty.contains(drop.name) || drop.kind != "table" {
            let alike: [PluginPlan.Holding] = drops.filter { $0.kind == drop.kind }
            if alike.count == 1 || !PluginPlan.Holding.ofEntities.contains(drop.kind) {
                lines.append(drop.line)
            } else if drops.firstIndex(where: { $0.kind == drop.kind }) == place {
                lines.append(PluginPlan.Holding.line(of: alike))
            }
        }
        return lines
    }

    /// Names of indexes, which begin with their table's, a line for each table.
    private static func counted(_ indexes: [String]) -> [Section.Line] {
        var tables: [(name: String, indexes: [String])] = []
        for index in indexes {
            let table: String = index.firstRange(of: "__").map { String(index[..<$0.lowerBound]) } ?? index
            if let place = tables.firstIndex(where: { $0.name == table }) { tables[place].indexes.append(index) } else { tables.append((table, [index])) }
        }
        return tables.map { Section.Line(text: "\($0.indexes.count) on \($0.name)", details: $0.indexes) }
    }

    /// `role: right entity (scope)`, a line for each entity.
    private static func grouped(_ rights: [String]) -> [Section.Line] {
        var entities: [(name: String, rights: [String])] = []
        for right in rights {
            let entity = String(right.split(separator: " ").dropFirst(2).first ?? "")
            if let place = entities.firstIndex(where: { $0.name == entity }) { entities[place].rights.append(right) } else { entities.append((entity, [right])) }
        }
        return entities.map { entity in
            let count: Int = Set(entity.rights.map { $0.prefix { $0 != ":" } }).count
            return Section.Line(text: "\(count) \(count == 1 ? "role" : "roles") on \(entity.name)", details: entity.rights)
        }
    }

    /// Name and version, and the version before.
    var title: String {
        guard let from, from != version else { return version.isEmpty ? name : "\(name) \(version)" }
        return "\(name) \(from) → \(version)"
    }
}

extension PluginPlan.Holding {
    /// What is said under a heading of its own.
    static let apart: Set<String> = ["index", "reference", "webhook", "subscription"]

    /// What there is of each entity.
    static let ofEntities: Set<String> = ["rights", "history entries", "saved views", "notes", "imports with their files"]

    var line: PluginPlan.Step.Section.Line { .init(text: words, details: kind == "rights" ? details ?? [] : []) }

    /// Several of one kind, each of another entity.
    static func line(of alike: [PluginPlan.Holding]) -> PluginPlan.Step.Section.Line {
        let kind: String = alike.first?.kind ?? ""
        guard kind == "rights" else {
            let sum: Int = alike.reduce(0) { $0 + $1.rows }
            let counts: [String] = alike.map { "\($0.name): \(Display.grouped(String($0.rows)))" }
            return .init(text: "\(Display.grouped(String(sum))) \(kind) (\(alike.count) entities)", details: counts)
        }
        // `Role: right (scope), …` of each entity.
        let lines: [String] = alike.compactMap(\.details).flatMap { $0 }
        let roles = Set(lines.map { $0.prefix { $0 != ":" } })
        let details: [String] = alike.flatMap { holding in (holding.details ?? []).map { "\(holding.name), \($0)" } }
        return .init(text: "rights of \(roles.count) \(roles.count == 1 ? "role" : "roles") on \(alike.count) entities", details: details)
    }

    private var count: String { Display.grouped(String(rows)) }

    /// `parcel: 3 records`.
    var words: String {
        switch kind {
        case "table": "\(name): \(count) \(rows == 1 ? "record" : "records")"
        case "field": "field \(name): \(count) \(rows == 1 ? "value" : "values")"
        case "reference": "\(name) of \(count) \(rows == 1 ? "record" : "records")"
        case "rights": "rights of \(rows) \(rows == 1 ? "role" : "roles") on \(name)"
        case "webhook": "the webhook \(name), which waits for \(details?.joined(separator: ", ") ?? "")"
        case "subscription": "the webhook \(name) gets no more \(details?.joined(separator: ", ") ?? "")"
        case "imports with their files": "\(rows) \(rows == 1 ? "import with its file" : "imports with their files") (\(name))"
        case "index": name
        default: "\(rows) \(kind) (\(name))"
        }
    }
}

extension PluginPlan {
    /// What is to be done, in words.
    var title: String {
        let names: String = steps.map(\.name).joined(separator: ", ")
        switch action {
        case .enable: return "Enable \(names)"
        case .disable: return "Disable \(names)"
        case .upgrade: return "Upgrade \(names)"
        case .uninstall: return "Uninstall \(names)"
        }
    }

    /// Whether there is nothing to do.
    var isEmpty: Bool { steps.isEmpty }
    var approvals: [String] { steps.flatMap { step in step.approvals.map { step.name + " " + $0 } } }
    var destroyed: [String] { steps.filter(\.destroys).map(\.id) }
}
