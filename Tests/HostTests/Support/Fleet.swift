import Foundation
import PluginAPI
import Synchronization

@testable import Kernel

#if canImport(Glibc)
import Glibc
#endif

/// Servers as on several machines: a data directory each, and one database.
final class Fleet: Sendable {
    let database: PrivateServer
    let programs: [TenonProgram]
    let token: String
    private let servers = Mutex<[TenonProgram.Server?]>([])

    init(_ count: Int, _ plugins: [String], prepare: (TenonProgram) throws -> Void = { _ in }) throws {
        database = try PrivateServer()
        programs = try (0..<count).map { _ in try TenonProgram(plugins) }
        for program in programs { try prepare(program) }
        let environment = ["TENON_DATABASE_URL": database.url]
        let made = try programs[0].run(
            ["init", "--admin-email", "admin@example.com", "--admin-password-file", "-"], input: "a long walk by the sea\n",
            environment: environment)
        guard made.status == 0 else { throw TenonProgram.Silent(said: made.description) }
        let given = try programs[0].run("token", "create", "--user", "admin@example.com", "--name", "test")
        guard given.status == 0 else { throw TenonProgram.Silent(said: given.description) }
        token = given.output.trimmingCharacters(in: .whitespacesAndNewlines)
        for program in programs {
            let server = try program.serve(environment: environment, errors: program.folder.appendingPathComponent("errors"))
            servers.withLock { $0.append(server) }
        }
    }

    func server(_ place: Int) -> TenonProgram.Server? { servers.withLock { $0[place] } }

    func knock(_ place: Int, seconds: Int = 15) -> Knock {
        Knock(port: Int(server(place)?.address.split(separator: ":").last ?? "") ?? 0, token: token, seconds: seconds)
    }

    func json(_ place: Int, _ path: String) -> JSONValue? {
        guard case .answer(200, _, let body) = knock(place).ask("GET", path) else { return nil }
        return try? JSONValue(parsing: Array(body.utf8))
    }

    /// The machine is gone: supervisor and worker, with no word to anybody. Gives the worker's number.
    func strike(_ place: Int) throws -> pid_t {
        guard let server = server(place) else { return 0 }
        let worker: pid_t = try KillTests.worker(server)
        kill(server.process.processIdentifier, SIGSTOP)
        kill(worker, SIGKILL)
        kill(server.process.processIdentifier, SIGKILL)
        server.process.waitUntilExit()
        return worker
    }

    /// Ends one as an administrator does, and starts it again.
    func serveAnew(_ place: Int) throws {
        server(place)?.process.terminate()
        server(place)?.process.waitUntilExit()
        let program: TenonProgram = programs[place]
        let server = try program.serve(
            environment: ["TENON_DATABASE_URL": database.url], errors: program.folder.appendingPathComponent("errors"))
        servers.withLock { $0[place] = server }
    }

    func end() {
        for server in servers.withLock({ $0 }) {
            server?.process.terminate()
            server?.process.waitUntilExit()
        }
    }

    func said(_ place: Int) -> String {
        (try? String(contentsOf: programs[place].folder.appendingPathComponent("errors"), encoding: .utf8)) ?? ""
    }
}
