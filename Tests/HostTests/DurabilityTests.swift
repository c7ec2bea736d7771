import Foundation
import PluginAPI
import Synchronization
import Testing

@testable import Kernel

#if canImport(Glibc)
import Glibc
#endif

/// The real server while its machine does what machines do: the power goes, the disk is full, the disk fails, the clock is set.
/// `make test` runs these by themselves, `make crash-test` with all fifty ends.
@Suite(.serialized) struct DurabilityTests {
    private static func status(_ outcome: Knock.Outcome) -> Int {
        if case .answer(let status, _, _) = outcome { status } else { 0 }
    }

    /// How often the server is killed: a few times in every run of the tests, fifty times by `make crash-test`.
    static let rounds: Int = ProcessInfo.processInfo.environment["TENON_CRASH_ROUNDS"].flatMap { Int($0) } ?? 8

    @Test func `killed at random under 32 writers, it has every acknowledged record, whole, with its search entry, trail and event`() async throws {
        var (numbers, chosen) = SeededNumbers.chosen()
        let seed: UInt64 = chosen
        let pauses: [UInt32] = (0..<Self.rounds).map { _ in UInt32.random(in: 0..<600_000, using: &numbers) }
        try await aside {
            let place = try CrashPlace()
            for (round, pause) in pauses.enumerated() {
                let (server, knock) = try place.serve()
                let crowd = WriterCrowd(place.ledger, knock, name: "r\(round)")
                let before: Int = place.ledger.acknowledged
                crowd.begin()
                try CrashRange.wait("work to begin") { place.ledger.acknowledged > before }
                usleep(pause)
                try place.kill(server)
                crowd.end()
                #expect(crowd.strange == [], "seed \(seed), round \(round)")
                let complaints: [String] = try place.ledger.complaints(place.program)
                #expect(complaints == [], "seed \(seed), round \(round)")
                if !complaints.isEmpty { return }
            }
            let (server, knock) = try place.serve()
            defer { place.stop(server) }
            try place.settle(knock)
            print(
                "killed \(pauses.count) times, seed \(seed): \(place.ledger.acknowledged) records acknowledged, \(place.ledger.unanswered) left unanswered; none lost, none half")
        }
    }

    // MARK: The disk is full

    private static let canMount: Bool = {
        guard getuid() == 0 else { return false }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-mount-\(UUID().uuidString)")
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        guard let mounted = try? ChildProcess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.path]), mounted.status == 0 else { return false }
        return (try? ChildProcess.run(["umount", folder.path]))?.status == 0
    }()

    @Test(.enabled(if: DurabilityTests.canMount, "only root can mount a small file system to fill up"))
    func `on a full disk a change is refused with a clear word, reading goes on, and changes go on once there is room`() async throws {
        try await aside {
            let place = try CrashPlace { program in
                try FileManager.default.createDirectory(at: program.data, withIntermediateDirectories: true)
                let mounted = try ChildProcess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", program.data.path])
                guard mounted.status == 0 else { throw TenonProgram.Silent(said: mounted.said) }
            }
            defer { _ = try? ChildProcess.run(["umount", "-l", place.program.data.path]) }
            let (server, knock) = try place.serve()
            defer { place.stop(server) }
            #expect(place.write(knock, "before").status == 201)
            for turn in 0..<2 {
                let crowd = WriterCrowd(place.ledger, knock, name: "f\(turn)")
                crowd.begin()
                let filler: URL = place.program.data.appendingPathComponent("filler")
                try Self.fill(filler)
                try CrashRange.wait("changes to be refused") { (crowd.answers[503] ?? 0) > 40 }
                let refused = place.write(knock, "too much \(turn)")
                #expect(refused.status == 503 && refused.body.contains("the disk is full"), "\(refused)")
                for path in ["/api/v1/fuses?limit=50", "/api/v1/fuses?q=before", "/readyz", "/healthz"] {
                    #expect(Self.status(knock.ask("GET", path)) == 200, "\(path)")
                }
                let login: Knock.Outcome = knock.ask("POST", "/login", "email=admin@example.com&password=a+long+walk+by+the+sea")
                #expect(Self.status(login) != 0)
                try FileManager.default.removeItem(at: filler)
                let made: Int = crowd.answers[201] ?? 0
                try CrashRange.wait("changes to be taken again") { (crowd.answers[201] ?? 0) > made + 20 }
                crowd.end()
                #expect(crowd.strange == [])
            }
            #expect(place.write(knock, "after").status == 201)
            // The log has a line when it began and one when it was over, though hundreds were turned away.
            try CrashRange.wait("the log to say that it is over") {
                usleep(200_000)
                return place.write(knock, "later \(UUID().uuidString)").status == 201 && place.errors.contains("requests were turned away")
            }
            let lines: [Substring] = place.errors.split(separator: "\n").filter { $0.contains("the disk is full") }
            #expect((2...4).contains(lines.count), "\(lines)")
            try place.settle(knock, strict: true)
            try place.kill(server)
            #expect(try place.ledger.complaints(place.program, strict: true) == [])
        }
    }

    /// Writes until there is no room for anything.
    private static func fill(_ file: URL) throws {
        let descriptor: Int32 = open(file.path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        for size in [1 << 20, 1 << 12, 1] {
            let bytes = [UInt8](repeating: 1, count: size)
            while Glibc.write(descriptor, bytes, size) > 0 {}
        }
    }

    // MARK: The disk fails

    /// Whether a process may be looked at from outside.
    private static let canTrace: Bool = (try? ChildProcess.run(["strace", "-e", "trace=none", "-o", "/dev/null", "true"]))?.status == 0

    /// What becomes of the worker's waits for the disk.
    private enum Disk: String {
        case works
        case fails = "error=EIO"
        /// Ten milliseconds each, in microseconds.
        case isSlow = "delay_exit=10000"
    }

    /// Looks at the worker's waits for the disk, and has them end otherwise where that is asked for, until it is told to let go.
    private static func trace(_ server: TenonProgram.Server, _ log: URL, _ disk: Disk) throws -> ChildProcess {
        let worker: pid_t = try KillTests.worker(server)
        let fault: [String] = disk == .works ? [] : ["-e", "inject=fdatasync,fsync:\(disk.rawValue)"]
        let trace = try ChildProcess(
            "/usr/bin/env", ["strace", "-f", "-q", "-e", "trace=fdatasync,fsync"] + fault + ["-o", log.path, "-p", "\(worker)"])
        try CrashRange.wait("the worker to be looked at") {
            let threads: [String] = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(worker)/task")) ?? []
            return !threads.isEmpty && threads.allSatisfy { thread in
                let status: String = (try? String(contentsOfFile: "/proc/\(worker)/task/\(thread)/status", encoding: .utf8)) ?? "TracerPid:\t0"
                return !status.contains("TracerPid:\t0")
            }
        }
        return trace
    }

    private static func waits(_ log: URL) -> Int {
        ((try? String(contentsOf: log, encoding: .utf8)) ?? "").split(separator: "\n").filter { $0.contains("sync(") }.count
    }

    @Test(.enabled(if: DurabilityTests.canTrace, "strace is missing or not allowed to look at processes"))
    func `32 writers share their waits for the disk, and none is told before its wait is over`() async throws {
        try await aside {
            let place = try CrashPlace()
            let (server, knock) = try place.serve()
            defer { place.stop(server) }
            let log: URL = place.program.folder.appendingPathComponent("waits")
            let tracer = try Self.trace(server, log, .isSlow)
            let crowd = WriterCrowd(place.ledger, knock, name: "s")
            crowd.begin()
            try CrashRange.wait("400 changes") { (crowd.answers[201] ?? 0) >= 400 }
            crowd.end()
            tracer.terminate()
            tracer.waitUntilExit()
            let (changes, waits) = ((crowd.answers[201] ?? 0) + (crowd.answers[200] ?? 0), Self.waits(log))
            // Deliveries and checkpoints wait for it as well.
            #expect(waits > 0 && waits * 2 < changes, "\(changes) changes of 32 writers waited for the disk \(waits) times")
            try place.settle(knock)

            // One after the other, each waits on its own.
            let single: URL = place.program.folder.appendingPathComponent("single")
            let second = try Self.trace(server, single, .works)
            for number in 0..<20 { #expect(place.write(knock, "alone\(number)").status == 201) }
            second.terminate()
            second.waitUntilExit()
            #expect(Self.waits(single) >= 20)
        }
    }

    @Test(.enabled(if: DurabilityTests.canTrace, "strace is missing or not allowed to look at processes"))
    func `what the disk did not take is not acknowledged, nor there later, and nothing is stored before the file was opened anew`() async throws {
        try await aside {
            let place = try CrashPlace()
            let (server, knock) = try place.serve()
            defer { place.stop(server) }
            for turn in 0..<3 {
                let crowd = WriterCrowd(place.ledger, knock, name: "d\(turn)", count: 8)
                crowd.begin()
                let before: Int = place.ledger.acknowledged
                try CrashRange.wait("work to begin") { place.ledger.acknowledged > before + 20 }
                crowd.end()
                let tracer = try Self.trace(server, place.program.folder.appendingPathComponent("failing\(turn)"), .fails)
                let stored: Int = place.ledger.acknowledged
                let failing = WriterCrowd(place.ledger, knock, name: "x\(turn)", count: 8)
                failing.begin()
                try CrashRange.wait("changes to be refused") { (failing.answers[503] ?? 0) > 40 }
                #expect(Self.status(knock.ask("GET", "/api/v1/fuses?limit=5")) == 200)
                failing.end()
                #expect(place.ledger.acknowledged == stored)
                #expect(failing.answers.keys.sorted() == [503])
                tracer.terminate()
                tracer.waitUntilExit()
                try CrashRange.wait("changes to be taken again") { place.write(knock, "again\(turn)-\(UUID().uuidString)").status == 201 }
                #expect(place.errors.contains("the database was opened anew"))
                let complaints: [String] = try place.ledger.complaints(place.program, strict: true)
                #expect(complaints == [], "turn \(turn)")
            }
            try place.settle(knock, strict: true)
            try place.kill(server)
            #expect(try place.ledger.complaints(place.program, strict: true) == [])
        }
    }

    // MARK: The clock is set

    @Test func `a clock that jumps loses nothing, runs nothing twice and keeps the order of the trail`() async throws {
        var (numbers, chosen) = SeededNumbers.chosen()
        let seed: UInt64 = chosen
        let day: Int64 = 86_400_000
        let jumps: [Int64] = (0..<12).map { _ in Int64.random(in: -400...400, using: &numbers) * day }
        try await aside {
            let place = try CrashPlace()
            let clock: URL = place.program.folder.appendingPathComponent("clock")
            let start: Int64 = SystemClock().now.milliseconds
            func set(_ moment: Int64) throws { try withUnsafeBytes(of: moment) { Data($0) }.write(to: clock) }
            try set(start)
            let (server, knock) = try place.serve(["TENON_TEST_CLOCK": clock.path])
            defer { place.stop(server) }
            let crowd = WriterCrowd(place.ledger, knock, name: "t", count: 8)
            crowd.begin()
            for jump in jumps {
                let before: Int = place.ledger.acknowledged
                // In place: the server has the file open.
                let descriptor: Int32 = open(clock.path, O_WRONLY)
                var moment: Int64 = start + jump
                #expect(pwrite(descriptor, &moment, 8, 0) == 8)
                close(descriptor)
                try CrashRange.wait("work to go on") { place.ledger.acknowledged > before + 10 }
            }
            crowd.end()
            #expect(crowd.strange == [], "seed \(seed)")
            try place.settle(knock)
            let lines = try String(contentsOf: place.program.folder.appendingPathComponent("deliveries"), encoding: .utf8).split(separator: "\n")
            #expect(Set(lines).count == lines.count, "something was delivered twice")
        }
    }

    // MARK: Two servers

    @Test func `a second server on the same directory is refused and told who holds it, and may have it when that one is gone`() async throws {
        try await aside {
            let place = try CrashPlace()
            let (server, knock) = try place.serve()
            for command in [["serve", "--port", "0"], ["serve", "--port", "0", "--unsupervised"]] {
                let second = try place.program.run(command)
                #expect(second.status != 0)
                #expect(second.errors.contains("is held by process \(server.process.processIdentifier) (tenon serve)"), "\(second)")
                #expect(second.output == "")
            }
            #expect(place.write(knock, "still here").status == 201)
            try place.kill(server)
            let (next, after) = try place.serve()
            defer { place.stop(next) }
            #expect(place.write(after, "and now").status == 201)
            try place.settle(after)
        }
    }
}
