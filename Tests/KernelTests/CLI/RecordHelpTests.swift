import Testing
@testable import Kernel

/// Whole help screens, so that a change of words is seen.
@Suite struct RecordHelpTests {
    private func help(_ arguments: String...) async -> String {
        let crm = FakeDeployment(width: 100)
        #expect(await crm.run(arguments) == .success)
        return crm.out
    }

    @Test func `records tell their verbs, actions and fields`() async {
        #expect(await help("projects", "--help") == """
            OVERVIEW: Work with projects in the terminal.

            USAGE: tenon projects <command> …

            COMMANDS:
              list                    List records, filtered and sorted.
              show                    Show one record with what belongs to it.
              add                     Add a record.
              edit                    Change fields of one or more records.
              delete                  Delete one or more records.
              merge                   Make one record of several.
              duplicates              Find records that are there twice.
              timeline                Show who changed what, the latest first.
              notes                   List the notes on a record.
              note                    Write a note on a record, or change or delete one.
              panel                   Show what modules work out for a record.
              import                  Create or update records from a CSV or vCard file.
              export                  Write records as CSV or JSON.

            ACTIONS:
              close-down              Ends the project for good.

            FIELDS:
              title                   Title; required; at most 200 characters.
              status                  Status; else new.
              value                   Value; such as 1250.00 or "1250.00 EUR".
              due                     Due.
              assigned_to             Assigned to; user by id or name.
              active                  Active.
              score                   Score; set by the product.

            EXAMPLES:
              tenon projects list --status new
              tenon projects list --where 'value.gte=1000' --sort -value --limit 10
              tenon projects show 42
              tenon projects add --title "A short text" --value 1000
              tenon projects list --help

            """)
    }

    @Test func `an action tells its own fields`() async {
        #expect(await help("projects", "close-down", "--help") == """
            OVERVIEW: Ends the project for good.

            USAGE: tenon projects close-down <id|name> … --field value …

            FIELDS:
              --closing-reason <text>
                                      Reason; required.

            OPTIONS:
              --set <field=value>     A field by its name, also one that is named like another option.
              -f, --file <file>       A JSON object with field values; - reads standard input.

            GLOBAL OPTIONS:
              --data <dir>            Data directory of the deployment (TENON_DATA; else ./data).
              --server <url>          Talk to a running server instead (TENON_SERVER); the token comes from
                                      TENON_TOKEN.
              --token-file <file>     File that holds the token for --server.
              --as <email>            Act as this user; with a data directory only.
              --json                  Print JSON as the server sends it.
              --no-color              No colours (NO_COLOR).
              -y, --yes               Answer every question with yes.
              --trace                 Show which plugins ran, in what order, how long, and what each changed.
              -h, --help              Show help.

            EXAMPLES:
              tenon projects close-down 42 --closing-reason "A short text"

            """)
    }

    @Test(arguments: ["list", "show", "add", "edit", "delete", "merge", "duplicates", "timeline", "notes", "note", "panel", "import", "export"])
    func `every verb has help with an example`(verb: String) async {
        let text = await help("projects", verb, "--help")
        #expect(text.hasPrefix("OVERVIEW: ") && text.contains("EXAMPLES:\n  tenon projects \(verb)"))
        #expect(text.split(separator: "\n").allSatisfy { String($0).columns <= 110 })
    }

    @Test func `every declared command has help with an example`() async {
        func check(_ tree: CommandTree, _ path: [String]) async {
            for child in tree.children where child.isShown {
                let words = path + [child.name]
                let crm = FakeDeployment()
                #expect(await crm.run(words + ["--help"]) == .success)
                #expect(crm.out.contains("EXAMPLES:\n"), "tenon \(words.joined(separator: " "))")
                #expect(crm.requests.isEmpty)
                await check(child, words)
            }
        }
        await check(.root, [])
    }
}
