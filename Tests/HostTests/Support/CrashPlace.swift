import Foundation
import Testing

@testable import Kernel

#if canImport(Glibc)
import Glibc
#endif

/// A deployment with the plugin whose records are written, and somebody's key to it.
struct CrashPlace: Sendable {
    let program: TenonProgram
    let token: String
    let ledger = FuseLedger()

    init(prepare: (TenonProgram) throws -> Void = { _ in }) throws {
        program = try TenonProgram(["Crasher"])
        try prepare(program)
        let made = try program.run("init", "--admin-email", "admin@example.com", "--admin-password-file", "-", input: "a long walk by the sea\n")
        guard made.status == 0 else { throw TenonProgram.Silent(said: made.description) }
        let key = try program.run("token", "create", "--user", "admin@example.com", "--name", "crash")
        guard key.status == 0 else { throw TenonProgram.Silent(said: key.description) }
        token = key.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func serve(_ environment: [String: String] = [:]) throws -> (server: TenonProgram.Server, knock: Knock) {
        let server = try program.serve(
            environment: environment.merging(["TENON_CRASHER": program.folder.path]) { $1 }, errors: program.folder.appendingPathComponent("errors"))
        return (server, Knock(port: Int(server.address.split(separator: ":").last ?? "") ?? 0, token: token))
    }

    var errors: String { (try? String(contentsOf: program.folder.appendingPathComponent("errors"), encoding: .utf8)) ?? "" }

    func stop(_ server: TenonProgram.Server) {
        server.process.terminate()
        server.process.waitUntilExit()
    }

    /// As the power goes: all processes at once, without a word.
    func kill(_ server: TenonProgram.Server) throws {
        let worker: pid_t = try KillTests.worker(server)
        Glibc.kill(server.process.processIdentifier, SIGKILL)
        Glibc.kill(worker, SIGKILL)
        server.process.waitUntilExit()
        // The lock on the directory goes with the last of them.
        try CrashRange.wait("the worker to be gone") { Glibc.kill(worker, 0) != 0 }
    }

    /// One record more; the status of the answer and what it says.
    func write(_ knock: Knock, _ label: String) -> (status: Int, body: String) {
        switch knock.ask("POST", "/api/v1/fuses", #"{"label": "\#(label)"}"#) {
        case .answer(let status, _, let body):
            if status == 201, let id = (try? JSONValue(parsing: Array(body.utf8)))?["id"]?.int { ledger.made(label, id) } else { ledger.refused(label) }
            return (status, body)
        case .refused: return (0, "refused")
        case .broken: return (0, "broken")
        }
    }

    /// Everything that was promised, once the server had the time to deliver.
    func settle(_ knock: Knock, strict: Bool = false) throws {
        try CrashRange.wait("all events to be delivered") {
            guard case .answer(200, _, let body) = knock.ask("GET", "/metrics") else { return false }
            return body.contains("tenon_deliveries_pending 0\n")
        }
        let complaints: [String] = try ledger.complaints(program, strict: strict)
        #expect(complaints == [])
        let doctor = try program.run("doctor")
        #expect(doctor.status == 0, "\(doctor)")
    }
}
