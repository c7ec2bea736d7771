import Foundation
import PluginAPI
import Synchronization
import Testing

@testable import Kernel

/// What jobs and listeners store together with their end is there once, whenever the real server is killed.
@Suite(.serialized) struct OnceTests {
    private static func run(_ knock: Knock, _ job: String) -> Int64? {
        guard case .answer(let status, _, let body) = knock.ask("POST", "/api/v1/jobs/\(job)/run", "{}"), (200..<300).contains(status) else { return nil }
        return (try? JSONValue(parsing: Array(body.utf8)))?["id"]?.int
    }

    private static func read<T>(_ place: CrashPlace, _ body: (any Connection) throws -> T) throws -> T {
        let readers = SQLiteReaders(path: place.program.data.appendingPathComponent("tenon.sqlite").path)
        defer { readers.close() }
        return try readers.read { try body($0) }
    }

    private static func count(_ place: CrashPlace, _ sql: String, _ arguments: [SQLValue] = []) throws -> Int64 {
        try read(place) { try $0.integer(sql, arguments) ?? -1 }
    }

    /// Nothing waits and nothing is under way.
    private static func rest(_ place: CrashPlace) throws {
        try CrashRange.wait("all work to be done", seconds: 60) {
            let left: Int64? = try? count(
                place, "SELECT (SELECT count(*) FROM tenon_job WHERE state IN ('queued', 'running')) + (SELECT count(*) FROM tenon_outbox)")
            return left == 0
        }
    }

    @Test(arguments: [(job: "crasher.dies_within", attempts: Int64(2)), (job: "crasher.dies_after", attempts: 1)])
    func `a job whose server dies while it stores its work and its end, or right after that, has done it once`(
        _ given: (job: String, attempts: Int64)
    ) async throws {
        try await aside {
            let place = try CrashPlace()
            let (server, knock) = try place.serve()
            defer { place.stop(server) }
            let first: pid_t = try KillTests.worker(server)
            let id = try #require(Self.run(knock, given.job))
            try CrashRange.wait("another worker") { ((try? KillTests.worker(server)) ?? first) != first }
            try CrashRange.wait("the run to be over") {
                (try? Self.count(place, "SELECT count(*) FROM tenon_job WHERE id = ? AND state = 'done'", [.integer(id)])) == 1
            }
            try Self.rest(place)
            #expect(try Self.count(place, "SELECT attempts FROM tenon_job WHERE id = ?", [.integer(id)]) == given.attempts)
            #expect(try Self.count(place, "SELECT count(*) FROM piece_run WHERE job = ?", [.text(given.job)]) == 1)
            #expect(try place.program.run("doctor").status == 0)
        }
    }

    @Test(arguments: ["dies within", "dies after"])
    func `a listener whose server dies while it stores its work and its end, or right after that, has done it once`(_ label: String) async throws {
        try await aside {
            let place = try CrashPlace()
            let (server, knock) = try place.serve()
            defer { place.stop(server) }
            let first: pid_t = try KillTests.worker(server)
            _ = knock.ask("POST", "/api/v1/pieces", #"{"label": "\#(label)"}"#)
            try CrashRange.wait("another worker") { ((try? KillTests.worker(server)) ?? first) != first }
            try Self.rest(place)
            #expect(try Self.count(place, "SELECT count(*) FROM piece") == 1)
            #expect(try Self.count(place, "SELECT count(*) FROM piece_run WHERE job = ?", [.text("listener " + label)]) == 1)
            // The other listener and the job of the piece did theirs once as well.
            #expect(try Self.count(place, "SELECT count(*) FROM piece_visit") == 1)
            #expect(try Self.count(place, "SELECT count(*) FROM piece_run WHERE ended = 1 AND job LIKE 'crasher.piece%'") == 1)
        }
    }

    @Test func `killed at random while jobs and listeners work, each piece of work is stored once`() async throws {
        var (numbers, chosen) = SeededNumbers.chosen()
        let seed: UInt64 = chosen
        let pauses: [UInt32] = (0..<max(4, DurabilityTests.rounds / 4)).map { _ in UInt32.random(in: 0..<400_000, using: &numbers) }
        try await aside {
            let place = try CrashPlace()
            let acknowledged = Mutex<Set<Int64>>([])
            for pause in pauses {
                let (server, knock) = try place.serve()
                let isOver = Atomic<Bool>(false)
                let ended = Mutex(0)
                let before: Int = acknowledged.withLock { $0.count }
                for _ in 0..<4 {
                    Thread.detachNewThread {
                        for number in 0..<10 where !isOver.load(ordering: .relaxed) {
                            guard case .answer(201, _, let body) = knock.ask("POST", "/api/v1/pieces", #"{"label": "piece \#(number)"}"#),
                                let id = (try? JSONValue(parsing: Array(body.utf8)))?["id"]?.int
                            else { continue }
                            acknowledged.withLock { _ = $0.insert(id) }
                        }
                        ended.withLock { $0 += 1 }
                    }
                }
                try CrashRange.wait("work to begin") { acknowledged.withLock { $0.count } > before }
                usleep(pause)
                try place.kill(server)
                isOver.store(true, ordering: .relaxed)
                while ended.withLock({ $0 }) < 4 { usleep(2000) }
            }
            let (server, _) = try place.serve()
            defer { place.stop(server) }
            try Self.rest(place)
            let (told, pieces): (Set<Int64>, Set<Int64>) = (
                acknowledged.withLock { $0 }, Set(try Self.read(place) { try $0.all("SELECT id FROM piece") { $0.integer(0) } }))
            let runs: Int64 = try Self.count(place, "SELECT count(*) FROM piece_run WHERE ended = 1")
            let cutOff: Int64 = try Self.count(place, "SELECT count(*) FROM piece_run WHERE ended = 0")
            print("killed \(pauses.count) times, seed \(seed): \(runs) runs for \(pieces.count) pieces, \(cutOff) cut off")
            #expect(told.isSubset(of: pieces), "seed \(seed)")
            #expect(runs == Int64(pieces.count), "seed \(seed)")
            #expect(try Self.count(place, "SELECT count(*) FROM tenon_job WHERE state = 'failed'") == 0, "seed \(seed)")
            #expect(
                try Self.count(place, "SELECT count(*) FROM piece p WHERE (SELECT count(*) FROM piece_visit v WHERE v.piece = p.id) <> 1") == 0,
                "seed \(seed)")
            // Whatever was tried again had the same key: one for each run that came to its end.
            #expect(try Self.count(place, "SELECT count(DISTINCT key) FROM piece_run") == runs, "seed \(seed)")
            #expect(try place.program.run("doctor").status == 0)
        }
    }
}
