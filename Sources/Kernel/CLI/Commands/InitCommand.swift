import ArgumentParser
import PluginAPI

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Prepare a deployment in a data directory.",
        discussion: """
            EXAMPLES:
              tenon init --admin-email admin@example.com --admin-password-file password.txt
              tenon init --data /var/lib/tenon --admin-email admin@example.com --admin-password-file - --currency USD \\
                --time-zone America/Chicago
            """)

    @Option(help: ArgumentHelp("Data directory to prepare (TENON_DATA; else ./data).", valueName: "dir")) var data: String?
    @Option(
        name: .customLong("database-url"),
        help: ArgumentHelp("Database on a PostgreSQL server instead of a file in the data directory (TENON_DATABASE_URL).", valueName: "url"))
    var databaseURL: String?
    @Option(name: .customLong("admin-email"), help: ArgumentHelp("E-mail address of the first administrator.", valueName: "email"))
    var email: String
    @Option(
        name: .customLong("admin-password-file"),
        help: ArgumentHelp("File with the administrator's password in its first line; - reads standard input.", valueName: "file"))
    var passwordFile: String
    @Option(name: .customLong("admin-name"), help: ArgumentHelp("Name of the first administrator.", valueName: "name")) var name = "Administrator"
    @Option(help: ArgumentHelp("Currency of amounts that name none.", valueName: "code")) var currency = "EUR"
    @Option(name: .customLong("time-zone"), help: ArgumentHelp("Where days begin, such as Europe/Vienna.", valueName: "zone")) var timeZone = "UTC"
    @Flag(help: "Fill it with demo data.") var demo = false
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let invocation = Invocation.current
        guard let currency = Currency(currency) else { throw UsageError("\(currency) is no currency", hint: "Write its code of three letters, such as EUR.") }
        guard DeploymentCalendar(identifier: timeZone) != nil else {
            throw UsageError("\(timeZone) is no time zone", hint: "Write its name, such as Europe/Vienna.")
        }
        let plan = DeploymentPlan(
            deployment: Deployment(directory: invocation.dataDirectory(data)), email: email, name: name,
            password: try InputFile.secret(passwordFile), currency: currency, timeZone: timeZone, demo: demo)
        try invocation.remember(databaseURL, for: plan.deployment)
        let terminal = invocation.terminal(false)
        let facts = try await plan.carryOut(terminal)
        if json { return terminal.print(facts.text()) }
        let directory = plan.deployment.directory
        let data = directory == "./data" ? "" : " --data \(directory)"
        terminal.print("prepared \(directory) with the administrator \(email)")
        terminal.print("\nnext steps:")
        terminal.print("  tenon serve\(data)                 then open http://127.0.0.1:8080 and log in")
        terminal.print("  tenon plugin list\(data)           which plugins are enabled")
        terminal.print("  tenon records\(data)               which records there are")
    }
}
