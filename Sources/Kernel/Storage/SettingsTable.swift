import PluginAPI

/// The settings of the deployment as stored: one row a setting that differs from its default.
enum SettingsTable {
    /// Reads all of them. Values of settings that no enabled plugin has stay in the table, unread.
    static func load(_ connection: any Connection, registry: Registry) throws -> DeploymentSettings {
        var settings = DeploymentSettings()
        try connection.query("SELECT key, value FROM tenon_setting", []) { row in
            let key = row.text(0)
            if let entry = registry.setting(key) {
                let field = FieldModel(entry.field, place: 0, plugin: "")
                settings.values[key] = AuditJSON.value(try JSONValue(parsing: Array(row.text(1).utf8)), field)
            }
            return true
        }
        if case .text(let name) = settings.values[KernelSettings.name.key] { settings.name = name }
        if case .text(let code) = settings.values[KernelSettings.currency.key], let currency = Currency(code) { settings.currency = currency }
        if case .text(let zone) = settings.values[KernelSettings.timeZone.key], let calendar = DeploymentCalendar(identifier: zone) {
            settings.calendar = calendar
        }
        return settings
    }

    /// Stores a value, or forgets it so that the default holds again.
    static func store(_ connection: any Connection, key: String, value: Value?, plugin: String) throws {
        try connection.execute("DELETE FROM tenon_setting WHERE key = ?", [.text(key)])
        guard let value else { return }
        let json = JSONWriter.document { $0.value(value) }
        try connection.execute(
            "INSERT INTO tenon_setting (key, plugin, value) VALUES (?, ?, ?)",
            [.text(key), .text(plugin), .text(String(decoding: json, as: UTF8.self))])
    }

    /// What is wrong with a value for a setting, or nil.
    static func problem(_ entry: Contributions.SettingEntry, _ value: Value) -> String? {
        if let problem = FieldModel(entry.field, place: 0, plugin: "").problem(with: value) { return problem }
        guard case .text(let text) = value else { return nil }
        if entry.key == KernelSettings.currency.key, Currency(text) == nil { return "is not a currency code such as EUR" }
        if entry.key == KernelSettings.timeZone.key, DeploymentCalendar(identifier: text) == nil {
            return "is not a time zone such as Europe/Berlin"
        }
        return KernelSettings.mailProblem(entry.key, text)
    }
}

/// The kernel's own settings.
enum KernelSettings {
    static let name = Setting<String>("kernel.name", "Name of the deployment", default: "Tenon", .maxLength(80))
    static let currency = Setting<String>(
        "kernel.currency", "Currency", default: "EUR", .maxLength(3), .help("The currency of amounts that name none, as an ISO 4217 code."))
    static let timeZone = Setting<String>(
        "kernel.time_zone", "Time zone", default: "UTC", .maxLength(60), .help("Where days begin and end, as an IANA name: Europe/Berlin."))

    static let undoDays = Setting<Int>(
        "kernel.undo_days", "Days for undo", default: 30, .range(1...3650),
        .help("For so many days a change of many records, or a merge, can be taken back."))

    static let transactionBudget = Setting<Int>(
        "kernel.budget_transaction", "Time budget of rules (ms)", default: 50, .range(0...600_000),
        .help("Rules, actions and listeners of plugins that take longer while something is saved are reported by name. 0 reports none."))
    static let routeBudget = Setting<Int>(
        "kernel.budget_route", "Time budget of plugins' pages (ms)", default: 2000, .range(0...600_000),
        .help("Answers of plugins' own addresses that take longer are reported by name. 0 reports none."))
    static let afterBudget = Setting<Int>(
        "kernel.budget_after", "Time budget of deliveries (ms)", default: 10_000, .range(0...86_400_000),
        .help("Listeners after a change that take longer are reported by name. 0 reports none."))
    static let jobBudget = Setting<Int>(
        "kernel.budget_job", "Time budget of jobs (ms)", default: 300_000, .range(0...86_400_000),
        .help("Runs of jobs that take longer are reported by name. 0 reports none."))
}
