import PluginAPI

extension PluginPlan.Step {
    /// What happens, as people read it: a heading and its lines.
    struct Section: Sendable {
        enum Tone: Sendable { case plain, question, loss }
        let title: String
        let lines: [String]
        var tone = Tone.plain
    }

    private static let kinds: [(key: String, word: String)] = [
        ("entities", "Entities"), ("actions", "Actions"), ("extensions", "Extends actions"), ("hooks", "Sends hooks"),
        ("listens", "Listens to hooks"), ("jobs", "Jobs"), ("routes", "Routes"), ("functions", "Functions"), ("metrics", "Metrics"),
        ("settings", "Settings"),
    ]

    /// All sections that say something, in the order in which they matter.
    var sections: [Section] {
        var all: [Section] = []
        func add(_ title: String, _ lines: [String], _ tone: Section.Tone = .plain) {
            if !lines.isEmpty { all.append(Section(title: title, lines: lines, tone: tone)) }
        }
        add("Deletes for good", drops.filter { $0.kind != "index" && $0.kind != "reference" }.map(\.words), .loss)
        add("Sets empty", drops.filter { $0.kind == "reference" }.map(\.words), .loss)
        add("Asks you to approve", approvals, .question)
        add("May already", asks.filter { !approvals.contains($0) })
        add("New tables", tables)
        add("New columns", columns)
        add("New indexes", indexes)
        add("Indexes no longer needed", drops.filter { $0.kind == "index" }.map(\.name))
        add("Runs migrations", migrations)
        add("Rights for roles", rights)
        for kind in Self.kinds { add(kind.word, adds[kind.key] ?? []) }
        for kind in Self.kinds { add("No more: " + kind.word.lowercased(), removes[kind.key] ?? []) }
        add("Your fields there", customFields)
        add("Data that stays", keeps.map(\.words))
        add("Note", notes)
        return all
    }

    /// Name and version, and the version before.
    var title: String {
        guard let from, from != version else { return version.isEmpty ? name : "\(name) \(version)" }
        return "\(name) \(from) → \(version)"
    }
}

extension PluginPlan.Holding {
    /// `parcel: 3 records`.
    var words: String {
        switch kind {
        case "table": "\(name): \(rows) \(rows == 1 ? "record" : "records")"
        case "field": "field \(name): \(rows) \(rows == 1 ? "value" : "values")"
        case "reference": "\(name) of \(rows) \(rows == 1 ? "record" : "records")"
        case "rights": "rights of \(name)"
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
