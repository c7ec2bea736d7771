import Foundation
import Synchronization
import Testing

@testable import Kernel

#if canImport(Glibc)
import Glibc
#endif

/// A real server, blown up in every way that a plugin can.
@Suite struct KillTests {
    private struct Shot: Sendable {
        let name: String
        /// Who is to be named; nil for nobody.
        let culprit: String?
        var kind = "crash"
        var environment: [String: String] = [:]
        let trigger: @Sendable (Knock, TenonProgram.Server) throws -> Void

        static func post(_ name: String, _ path: String, _ body: String = "{}", culprit: String? = "crasher", kind: String = "crash") -> Shot {
            Shot(name: name, culprit: culprit, kind: kind) { knock, _ in
                Thread.detachNewThread { _ = knock.ask("POST", path, body) }
            }
        }
    }

    private static func kind(_ fault: String) -> String { ["hang", "block"].contains(fault) ? "hang" : "crash" }

    @Test func `each fault in each place names the plugin, and the server is back within a second with nothing lost`() async throws {
        var shots: [Shot] = []
        for fault in ["trap", "abort", "segfault", "hang"] {
            let kind = Self.kind(fault)
            shots.append(.post("\(fault) in a hook", "/api/v1/fuses", #"{"label": "off", "fault": "\#(fault)"}"#, kind: kind))
            shots.append(.post("\(fault) in a route", "/plugins/crasher/now/\(fault)", kind: kind))
            shots.append(.post("\(fault) in a job", "/api/v1/jobs/crasher.\(fault)/run", kind: kind))
            shots.append(.post("\(fault) after an await", "/plugins/crasher/await/\(fault)", kind: kind))
        }
        let results = try await Self.fire(shots)
        let (gaps, starts) = (results.compactMap(\.gap).sorted(), results.compactMap(\.start).sorted())
        let median = try #require(gaps.isEmpty ? nil : gaps[gaps.count / 2])
        let start = try #require(starts.isEmpty ? nil : starts[starts.count / 2])
        print("time to the next good answer: median \(median), longest \(gaps.last ?? .zero), of \(gaps.count); a whole start: \(start)")
        // `make test` runs these tests by themselves: a thousand others beside them would be what is measured.
        #expect(median < .seconds(1))
    }

    @Test func `what is not an ordinary fault is told apart as well`() async throws {
        var shots: [Shot] = [
            .post("detached task", "/plugins/crasher/detached/trap"),
            Shot(name: "detached task that hangs", culprit: "crasher", kind: "hang", environment: ["TENON_STRETCH_LIMIT": "1500"]) { knock, _ in
                _ = knock.ask("POST", "/plugins/crasher/detached/hang", "{}")
            },
            .post("blocking call in a route", "/plugins/crasher/now/block", kind: "hang"),
            .post("blocking call in a route's transaction", "/plugins/crasher/write/block", kind: "hang"),
            .post("runaway recursion in a route", "/plugins/crasher/now/recurse"),
            .post("runaway recursion in a hook", "/api/v1/fuses", #"{"label": "off", "fault": "recurse"}"#),
            .post("runaway recursion in a detached task", "/plugins/crasher/detached/recurse"),
            .post("runaway recursion on a thread of its own", "/plugins/crasher/now/thread"),
            .post("a call of nothing", "/plugins/crasher/now/nowhere"),
            .post("after listener", "/api/v1/fuses", #"{"label": "after-trap"}"#),
            .post("no memory", "/plugins/crasher/now/memory", culprit: nil),
            .post("exit", "/plugins/crasher/now/leave", culprit: nil, kind: "ended"),
            Shot(name: "SIGKILL", culprit: nil, kind: "ended") { _, server in kill(try Self.worker(server), SIGKILL) },
            Shot(name: "the kernel", culprit: nil) { _, server in kill(try Self.worker(server), SIGSEGV) },
            Shot(name: "a worker that is stopped", culprit: nil, kind: "silence", environment: ["TENON_SILENCE_LIMIT": "1500"]) { _, server in
                kill(try Self.worker(server), SIGSTOP)
            },
        ]
        // All threads of the pool: nothing is left to answer with.
        let threads = ProcessInfo.processInfo.activeProcessorCount * 2
        shots.append(
            Shot(
                name: "detached tasks that hang the pool", culprit: "crasher", kind: "hang", environment: ["TENON_STRETCH_LIMIT": "60000"]
            ) { knock, _ in
                for _ in 0..<threads {
                    Thread.detachNewThread { _ = knock.ask("POST", "/plugins/crasher/detached/hang", "{}") }
                }
            })
        _ = try await Self.fire(shots)
    }

    /// Runs all shots, two at a time, and holds what came of each against what was expected.
    private static func fire(_ shots: [Shot]) async throws -> [CrashRange.Result] {
        let range = try await Task.detached { try CrashRange() }.value
        let results: [(Shot, CrashRange.Result)] = await withCheckedContinuation { continuation in
            let state = Mutex((next: 0, results: [(Shot, CrashRange.Result)]()))
            for _ in 0..<2 {
                Thread.detachNewThread {
                    while true {
                        let place = state.withLock { state in
                            defer { state.next += 1 }
                            return state.next
                        }
                        guard place < shots.count else { return }
                        let result = range.shoot(shots[place].name, environment: shots[place].environment, shots[place].trigger)
                        let all = state.withLock { state in
                            state.results.append((shots[place], result))
                            return state.results
                        }
                        if all.count == shots.count { continuation.resume(returning: all) }
                    }
                }
            }
        }
        for (shot, result) in results {
            let told = "\(shot.name): \(result.summary); gap \(result.gap.map { "\($0)" } ?? "none"), \(result.acknowledged) stored, \(result.unavailable) × 503, \(result.broken) broken"
            print(told)
            #expect(result.culprit == shot.culprit, "\(told)")
            #expect(result.kind == shot.kind, "\(told)")
            #expect(result.complaints.isEmpty, "\(told): \(result.complaints)")
        }
        return results.map(\.1)
    }

    /// The worker of a server.
    static func worker(_ server: TenonProgram.Server) throws -> pid_t {
        let path = "/proc/\(server.process.processIdentifier)/task"
        for thread in try FileManager.default.contentsOfDirectory(atPath: path) {
            let children = try String(contentsOfFile: "\(path)/\(thread)/children", encoding: .utf8)
            if let first = children.split(separator: " ").first, let id = pid_t(first) { return id }
        }
        throw CrashRange.Late(description: "there is no worker")
    }
}
