import ArgumentParser

/// The commands that every deployment has. Those over its records come from ``RecordCommand``.
struct TenonCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenon",
        abstract: "A CRM that you assemble: a kernel, and plugins for the rest.",
        usage: "tenon <command> [<options>]",
        discussion: """
            Records have commands of their own, made from what the enabled plugins declare:
              tenon records                     which records this deployment has
              tenon <plural> list               list them; also show, add, edit, delete,
                                                timeline, import, export and their actions
              tenon <plural> <command> --help   fields, filters and examples

            EXAMPLES:
              tenon init --admin-email admin@example.com --admin-password-file password.txt
              tenon serve
              tenon users list --where 'name~berg' --json
              tenon plugin list
            """,
        version: productVersion,
        groupedSubcommands: [
            CommandGroup(name: "Running", subcommands: [InitCommand.self, ServeCommand.self, BackupCommand.self, DoctorCommand.self, VersionCommand.self, TryPluginsCommand.self]),
            CommandGroup(
                name: "Administration",
                subcommands: [
                    UserCommand.self, RoleCommand.self, TokenCommand.self, PluginCommand.self, ApplyCommand.self, SettingsCommand.self, FieldsCommand.self,
                    FormulasCommand.self, MailCommand.self,
                    JobsCommand.self, HooksCommand.self, CrashesCommand.self, OpenAPICommand.self,
                    PeersCommand.self,
                ]),
            CommandGroup(
                name: "Work",
                subcommands: [
                    RecordsCommand.self, SearchCommand.self, MetricsCommand.self, DashboardCommand.self, NotificationsCommand.self,
                    ImportsCommand.self, ChangesCommand.self,
                    CompletionCommand.self, CompleteCommand.self,
                ]),
        ])

    static let productVersion = Kernel.version
}
