import ArgumentParser
import FoundationEssentials
import PluginAPI

#if canImport(Glibc)
import Glibc
#endif

struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Backups: everything as one file, also while the server runs; into either database.",
        discussion: """
            EXAMPLES:
              tenon backup create --to /var/backups/tenon/ --keep 14
              tenon backup verify /var/backups/tenon/tenon-20260302T030000Z.tar
              tenon backup restore tenon-20260302T030000Z.tar --data ./copy
            """,
        subcommands: [Create.self, Verify.self, Restore.self])

    /// How a backup is told of.
    static func facts(_ report: BackupCheck.Report, file: String) -> [(String, JSONValue)] {
        var facts: [(String, JSONValue)] = [("file", .string(file)), ("sound", .boolean(report.isSound)), ("bytes", .integer(Int64(report.bytes)))]
        if let head = report.head {
            facts += [("made_at", .string(head.madeAt)), ("release", .string(head.product)), ("engine", .string(head.engine.rawValue))]
        }
        if let manifest = report.manifest {
            facts += [
                ("records", .integer(Int64(manifest.records))), ("rows", .integer(Int64(manifest.rows))),
                ("tables", .integer(Int64(manifest.tables.count))), ("files", .integer(Int64(manifest.files.count))),
                ("plugins", .array(manifest.plugins.map { .string($0.id + " " + $0.version) })),
            ]
        }
        let problems: [JSONValue] = (report.damage + report.loose).map { .fields(["part": .string($0.part), "message": .string($0.message)]) }
        return facts + [("problems", .array(problems))]
    }

    static func document(_ facts: [(String, JSONValue)]) -> String {
        JSONValue.object(facts.map { JSONValue.Member(name: $0.0, value: $0.1) }).text()
    }

    static func words(_ report: BackupCheck.Report) -> String {
        guard let manifest = report.manifest else { return "nothing that can be read" }
        func grouped(_ number: Int) -> String { TerminalText.grouped(String(number)) }
        return "\(grouped(manifest.records)) records, \(grouped(manifest.rows)) rows in \(manifest.tables.count) tables, \(grouped(manifest.files.count)) files"
    }

    static func failure(_ report: BackupCheck.Report, _ file: String) -> PartialResult {
        let problems: [BackupCheck.Problem] = report.damage + report.loose
        let lines: [String] = problems.prefix(20).map { $0.part.isEmpty ? $0.message : "\($0.part): \($0.message)" }
        let more: String = problems.count > 20 ? "\n  and \(problems.count - 20) more" : ""
        let what: String = report.damage.isEmpty ? "\(file) is whole, but not all of its links point at something" : "\(file) is damaged"
        return PartialResult(message: what + "\n  " + lines.joined(separator: "\n  ") + more, status: .failure)
    }

    // MARK: Create

    struct Create: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Write everything to one file, as of one moment.",
            discussion: """
                The file takes its name once it is complete, checked and on the disk. It holds all that there is, password hashes \
                and secrets of webhooks included: only its owner can read it. With a folder, the file is named after the moment.

                EXAMPLES:
                  tenon backup create --to tenon.tar
                  tenon backup create --to /var/backups/tenon/ --keep 14
                  tenon backup create --to - | gzip | ssh backup.example.com 'cat > tenon.tar.gz'
                  tenon backup create --server https://crm.example.com --token-file token.txt --to tenon.tar
                """)
        @Option(help: ArgumentHelp("The file to write, a folder that is there, or - for standard output.", valueName: "file")) var to: String
        @Option(help: ArgumentHelp("Keep so many backups in the folder, and remove the oldest beyond that.", valueName: "n")) var keep: Int?
        @OptionGroup(title: "Global options") var global: GlobalOptions

        func run(_ session: Session) async throws {
            var request = APIRequest.get("backup")
            request.headers["accept"] = "application/x-tar"
            if to == "-" {
                guard keep == nil else { throw UsageError("--keep needs a folder") }
                let output = TarOutput()
                try await session.client.send(request, sink: { try output.write($0) })
                return try output.finish()
            }
            let folder: String? = isFolder(to) ? to : nil
            guard keep == nil || (folder != nil && keep ?? 0 > 0) else {
                throw UsageError("--keep needs a folder and a number above zero", hint: "Name a folder that is there with --to.")
            }
            let stamp: String = SystemClock().now.description.filter { $0.isNumber || $0 == "T" || $0 == "Z" }
            let path: String = folder.map { ($0.hasSuffix("/") ? $0 : $0 + "/") + "tenon-\(stamp).tar" } ?? to
            let file = try PartFile(path, mode: 0o600)
            session.terminal.progress("writing the backup …")
            defer { session.terminal.progress("") }
            try await session.client.send(request, sink: { try file.write($0) })
            session.terminal.progress("checking it …")
            // Before it has its name: a file that looks like a backup is one.
            let report: BackupCheck.Report = try BackupCheck.run(file.part)
            session.terminal.progress("")
            guard report.damage.isEmpty else { throw BackupCommand.failure(report, path) }
            let size: Int = try file.finish()
            let removed: [String] = try folder.map { try prune($0) } ?? []
            if session.options.json {
                let more: [(String, JSONValue)] = [("size", .integer(Int64(size))), ("removed", .array(removed.map { .string($0) }))]
                return session.terminal.print(BackupCommand.document(BackupCommand.facts(report, file: path) + more))
            }
            session.terminal.print("wrote \(path): \(BackupCommand.words(report)) (\(TerminalText.grouped(String(size))) bytes)")
            for problem in report.loose { session.terminal.printError("warning: \(problem.part): \(problem.message)") }
            if !removed.isEmpty { session.terminal.print("removed " + removed.joined(separator: ", ")) }
        }

        private func isFolder(_ path: String) -> Bool {
            var facts = stat()
            return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
        }

        /// Removes the oldest of the backups that this command named.
        private func prune(_ folder: String) throws -> [String] {
            guard let keep else { return [] }
            let names: [String] = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
                $0.hasPrefix("tenon-") && $0.hasSuffix(".tar") && $0.dropFirst(6).dropLast(4).allSatisfy { $0.isNumber || $0 == "T" || $0 == "Z" }
            }.sorted()
            let old: [String] = Array(names.dropLast(keep))
            for name in old { try FileManager.default.removeItem(atPath: folder + "/" + name) }
            return old
        }
    }

    // MARK: Verify

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify", abstract: "Say whether a backup is whole and could be restored by this release.",
            discussion: """
                Reads it to its end: checksums of all parts, counts, and whether links point at records that are there. Ends with 1 when \
                something is wrong, and names the part.

                EXAMPLES:
                  tenon backup verify tenon-20260302T030000Z.tar
                  tenon backup verify tenon-20260302T030000Z.tar --json
                """)
        @Argument(help: "The file.") var file: String
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let terminal: Terminal = Invocation.current.terminal(false)
            let report: BackupCheck.Report = try BackupCheck.run(file)
            if json { terminal.print(BackupCommand.document(BackupCommand.facts(report, file: file))) }
            guard report.isSound else { throw json ? PartialResult(message: "", status: .failure) : BackupCommand.failure(report, file) }
            if json { return }
            let head: String = report.head.map { " made \(TerminalText.moment($0.madeAt)) by release \($0.product) on \($0.engine.rawValue)" } ?? ""
            terminal.print("\(file) is whole:\(head), \(BackupCommand.words(report))")
        }
    }

    // MARK: Restore

    struct Restore: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "restore", abstract: "Bring a backup into an empty deployment, of either database.",
            discussion: """
                The backup is checked first. A deployment that is not empty is left alone unless you say yes: then the files of the old \
                one are moved aside within the data directory, while tables on a PostgreSQL server are dropped. What was waiting to be \
                sent when the backup was taken is sent once `tenon serve` runs.

                EXAMPLES:
                  tenon backup restore tenon.tar --data ./copy
                  tenon backup restore tenon.tar --data /var/lib/tenon --database-url postgres://tenon@db.example.com/tenon
                """)
        @Argument(help: "The file.") var file: String
        @Option(help: ArgumentHelp("Data directory to fill (TENON_DATA; else ./data).", valueName: "dir")) var data: String?
        @Option(
            name: .customLong("database-url"),
            help: ArgumentHelp("Database on a PostgreSQL server instead of a file in the data directory (TENON_DATABASE_URL).", valueName: "url"))
        var databaseURL: String?
        @Flag(name: .shortAndLong, help: "Answer every question with yes.") var yes = false
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let invocation = Invocation.current
            let terminal: Terminal = invocation.terminal(false)
            let given: String? = databaseURL ?? invocation.environment["TENON_DATABASE_URL"].flatMap { $0.isEmpty ? nil : $0 }
            let plan = RestorePlan(deployment: Deployment(directory: invocation.dataDirectory(data)), file: file, url: given)
            terminal.progress("checking the backup …")
            defer { terminal.progress("") }
            let report: BackupCheck.Report = try BackupCheck.run(file)
            guard report.damage.isEmpty, let manifest = report.manifest else {
                throw BackupCommand.failure(report, file)
            }
            terminal.progress("")
            try plan.deployment.make()
            let lock: DataDirectoryLock = try await plan.deployment.hold(for: "tenon backup restore")
            defer { withExtendedLifetime(lock) {} }
            let standing: RestorePlan.Standing = try await plan.standing()
            if let question = standing.question { try confirm(question, terminal) }
            terminal.progress("restoring \(BackupCommand.words(report)) …")
            let outcome: RestorePlan.Outcome = try await plan.carryOut(manifest, standing)
            terminal.progress("")
            if json {
                let more: [(String, JSONValue)] = [
                    ("data", .string(plan.deployment.directory)), ("database", .string(plan.kind.rawValue)),
                    ("moved_aside", outcome.aside.map { .string($0) } ?? .null), ("warnings", .array(outcome.warnings.map { .string($0) })),
                ]
                return terminal.print(BackupCommand.document(BackupCommand.facts(report, file: file) + more))
            }
            terminal.print("restored \(BackupCommand.words(report)) into \(plan.deployment.directory) (\(plan.kind.rawValue))")
            if let aside = outcome.aside { terminal.print("what was there before is in \(aside)") }
            for problem in report.loose { terminal.printError("warning: \(problem.part): \(problem.message)") }
            for warning in outcome.warnings { terminal.printError("warning: \(warning)") }
        }

        private func confirm(_ question: String, _ terminal: Terminal) throws {
            if yes { return }
            switch terminal.confirm(question) {
            case true?: return
            case false?: throw CRMError(.refused, "nothing was changed")
            case nil:
                throw CRMError(
                    .refused, "there is a deployment already, and there is no terminal to ask on",
                    hint: "Name an empty data directory, or repeat it with --yes.")
            }
        }
    }
}

/// Standard output for a backup: unlike words for people, what cannot be written is a failure.
private final class TarOutput: Sendable {
    private let seen = TarEnd()

    func write(_ bytes: [UInt8]) throws {
        var rest: ArraySlice<UInt8> = bytes[...]
        while !rest.isEmpty {
            let count: Int = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw CRMError(.unavailable, "could not write the backup: \(String(cString: strerror(errno)).lowercased())")
            }
        }
        seen.note(bytes)
    }

    func finish() throws {
        guard seen.isComplete else {
            throw CRMError(.unavailable, "the backup was not written to its end", hint: "See the server's log, and take it again.")
        }
    }
}
