import Foundation
import PluginAPI

@testable import Kernel

#if canImport(Glibc)
import Glibc
#endif

/// A deployment with a plugin that waits where a test says, so that the process can be killed at that very point.
final class GatedPlace: Sendable {
    let program: TenonProgram
    /// The id under which the plugin is installed: its place in the order.
    let id: String
    private var gate: URL { program.folder.appendingPathComponent("gate") }
    var environment: [String: String] { ["TENON_GATE": gate.path] }

    /// Made once, and copied for each test: making one takes longer than killing it.
    private static let model = Result { try TenonProgram.prepared([]) }

    init(_ id: String = "gated") throws {
        self.id = id
        program = try TenonProgram([])
        try FileManager.default.copyItem(at: Self.model.get().data, to: program.data)
        try FileManager.default.createDirectory(at: gate, withIntermediateDirectories: true)
        try install("Gated")
    }

    /// Puts a plugin of the tree into the deployment's folder, under the name of this place where it is the one that waits.
    func install(_ name: String) throws {
        let isGated: Bool = name.hasPrefix("Gated")
        let source: String = FileManager.default.fileExists(atPath: Deployment.sources.path + "/Plugins/\(name)") ? "Plugins/\(name)" : "Tests/Fixtures/Plugins/\(name)"
        let target: URL = program.data.appendingPathComponent("plugins/" + (isGated ? id : name.lowercased()))
        try? FileManager.default.removeItem(at: target)
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        let manifest = try String(contentsOf: Deployment.sources.appendingPathComponent(source + "/plugin.json"), encoding: .utf8)
        try manifest.replacing("\"id\": \"gated\"", with: "\"id\": \"\(id)\"")
            .write(to: target.appendingPathComponent("plugin.json"), atomically: true, encoding: .utf8)
        try FileManager.default.copyItem(
            at: Deployment.buildFolder.appendingPathComponent("lib\(name).so").resolvingSymlinksInPath(), to: target.appendingPathComponent("lib\(name).so"))
    }

    func serve() throws -> TenonProgram.Server {
        try program.serve(environment: environment, errors: program.folder.appendingPathComponent("errors"))
    }

    // MARK: The gate

    /// Has the plugin wait where it comes by next.
    func close(_ point: String) throws { try Data().write(to: gate.appendingPathComponent(point)) }

    func waitUntilReached(_ point: String) throws {
        try CrashRange.wait("the gate \(point)", seconds: 60) { FileManager.default.fileExists(atPath: gate.appendingPathComponent(point + ".reached").path) }
    }

    // MARK: What is stored

    /// Reads the database, also while a server has it open.
    func read<T: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> T) async throws -> T {
        let engine = try SQLiteEngine(path: program.data.appendingPathComponent("tenon.sqlite").path, durable: false)
        do {
            let result: T = try await engine.read(body)
            try await engine.close()
            return result
        } catch {
            try? await engine.close()
            throw error
        }
    }

    /// The plugins on record as switched on, with their versions.
    func switchedOn() async throws -> [String: String] {
        try await read { connection in
            let rows: [(String, String)] = try connection.all("SELECT id, version FROM tenon_plugin WHERE enabled = 1") { ($0.text(0), $0.text(1)) }
            return Dictionary(uniqueKeysWithValues: rows)
        }
    }

    /// The tables that a plugin owns, as the record and the database itself have them, with how many records are in each.
    func tables(of plugin: String) async throws -> [String] {
        try await read { connection in
            let owned: [String] = try connection.all("SELECT name FROM tenon_owner WHERE kind = 'table' AND plugin = ? ORDER BY name", [.text(plugin)]) { $0.text(0) }
            return try owned.map { "\($0): \(try connection.integer("SELECT count(*) FROM \"\($0)\"") ?? -1)" }
        }
    }

    /// All of the database that does not tell one making of it from another: the schema, who owns what, plugins, rights, steps,
    /// records, history of plugins. No moments and no random texts.
    func picture() async throws -> [String] {
        let engine = try SQLiteEngine(path: program.data.appendingPathComponent("tenon.sqlite").path, durable: false)
        let problems: [String] = try await engine.integrityProblems()
        try await engine.close()
        return try await read { connection in
            var lines: [String] = problems
            func add(_ sql: String) throws {
                var rows: [String] = []
                try connection.query(sql, []) { row in
                    rows.append(row.text(0))
                    return true
                }
                lines += rows.sorted()
            }
            try add("SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
            try add("SELECT kind || ' ' || name || ' ' || parent || ' ' || plugin FROM tenon_owner")
            try add(
                "SELECT id || ' ' || enabled || ' ' || version || ' ' || state || ' ' || reason || ' ' || coalesce(approved, '') || ' ' || coalesce(checksum, '') || ' ' || coalesce(outline, '') FROM tenon_plugin")
            try add("SELECT coalesce(key, '') || ' ' || grants FROM role")
            try add("SELECT 'history ' || action || ' ' || coalesce(changes, '') FROM tenon_audit WHERE entity = 'plugin'")
            lines += try SchemaMigrator.recordedSteps(connection).sorted()
            lines += try SchemaMigrator.recordedPlans(connection).map { "\($0.key) \($0.value)" }.sorted()
            for table in try connection.all("SELECT name FROM tenon_owner WHERE kind = 'table' ORDER BY name", [], { $0.text(0) }) {
                let columns: Set<String> = try connection.columns(of: table)
                let label: String? = ["title", "name", "label"].first(where: columns.contains)
                lines.append("\(table) \(try connection.integer("SELECT count(*) FROM \"\(table)\"") ?? -1)")
                if let label { try add("SELECT '\(table) ' || coalesce(\"\(label)\", '') || ' ' || version FROM \"\(table)\"") }
            }
            return lines
        }
    }

    // MARK: Killing

    /// Ends processes without a word, and waits until they are gone.
    static func kill(_ processes: [ChildProcess], and others: [pid_t] = []) throws {
        for process in processes { Glibc.kill(process.processIdentifier, SIGKILL) }
        for other in others { Glibc.kill(other, SIGKILL) }
        for process in processes { process.waitUntilExit() }
        for other in others {
            try CrashRange.wait("process \(other) to be gone") { !FileManager.default.fileExists(atPath: "/proc/\(other)/task") || isDead(other) }
        }
    }

    /// A process that has ended and that nobody has asked about counts as gone.
    private static func isDead(_ process: pid_t) -> Bool {
        let status: String = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
        return status.isEmpty || status.split(separator: ")").last?.split(separator: " ").first == "Z"
    }
}
