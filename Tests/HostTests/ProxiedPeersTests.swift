import Foundation
import PluginAPI
import Testing

@testable import Kernel

#if canImport(Glibc)
import Glibc
#endif

/// Several real servers on one database, and a proxy before them that shares the requests out.
@Suite(
    .serialized,
    .enabled(if: PrivateServer.isInstalled && BalancingProxy.isInstalled, "needs PostgreSQL and haproxy, which are not both installed here"))
struct ProxiedPeersTests {
    @Test func `behind a proxy, nothing is lost and nothing runs twice though a server is killed and the database restarted under load`() async throws {
        try await aside {
            let fleet = try Fleet(3, ["Crasher"])
            defer { fleet.end() }
            let proxy = try BalancingProxy(before: (0..<3).map { fleet.knock($0).port })
            try CrashRange.wait("the proxy to answer") {
                if case .answer(200, _, _) = proxy.knock().ask("GET", "/readyz") { true } else { false }
            }
            let crowd = ProxyCrowd(proxy, token: fleet.token)
            defer { crowd.end() }
            let names: Set<String> = ["one", "two", "three"]
            // Before anybody else asks, so that they come to the servers one after the other.
            crowd.listen(4)
            try CrashRange.wait("a page to be open at each server") { Set(crowd.seen.listening.values) == names }
            crowd.work(scripts: 6)
            try CrashRange.wait("work to begin at all servers") {
                let seen = crowd.seen
                return seen.done.count >= 30 && Set(seen.pages.keys) == names && seen.news.count == 4
            }
            let killed: pid_t = try fleet.strike(1)
            let left: Set<String> = ["one", "three"]
            /// Everyone gets on from here: scripts, the browser with the session it has had from the beginning, and open pages.
            func getsOn(_ what: String, seconds: Double = 150) throws {
                let before = crowd.seen
                try CrashRange.wait(what, seconds: seconds) {
                    let seen = crowd.seen
                    let isStored: Bool = seen.done.count >= before.done.count + 60
                    let isShown: Bool = left.allSatisfy { seen.pages[$0, default: 0] >= before.pages[$0, default: 0] + 5 }
                    let isTold: Bool = (0..<4).allSatisfy { page in
                        left.contains(seen.listening[page] ?? "") && seen.news[page, default: 0] > before.news[page, default: 0]
                    }
                    return isStored && isShown && isTold
                }
            }
            try getsOn("work to go on without the killed one")
            let pagesOfKilled: Int? = crowd.seen.pages["two"]
            try fleet.database.restart()
            try getsOn("work to go on after the restart")
            #expect(crowd.seen.pages["two"] == pagesOfKilled)
            crowd.end()
            let seen = crowd.seen
            #expect(seen.complaints.isEmpty, "\(seen.complaints.prefix(5))")

            // What the dead server had is done by the others when its leases are over.
            let connection = try fleet.database.connect()
            func count(_ sql: String) throws -> Int64 { try connection.integer(sql) ?? -1 }
            try CrashRange.wait("all work to be done", seconds: 90) {
                let left: Int64? = try? count(
                    "SELECT (SELECT count(*) FROM tenon_job WHERE state IN ('queued', 'running')) + (SELECT count(*) FROM tenon_outbox)")
                return left == 0
            }
            let made: Set<Int64> = Set(try connection.all("SELECT id FROM piece") { $0.integer(0) })
            let done: Set<Int64> = Set(try connection.all("SELECT id FROM piece WHERE state = 'done'") { $0.integer(0) })
            #expect(Set(seen.made.keys).subtracting(made).isEmpty, "acknowledged and lost")
            #expect(seen.done.subtracting(done).isEmpty, "acknowledged and lost")
            // What had no answer is sent again with its key by those who have one, and by nobody else, the proxy least of all: it is there once.
            let labels: [String] = try connection.all("SELECT label FROM piece") { $0.text(0) }
            #expect(Set(labels).count == labels.count, "stored twice")
            #expect(Set(labels).subtracting(seen.made.values).isSubset(of: seen.unknown), "stored, and nobody was told")
            #expect(try count("SELECT count(*) FROM tenon_job WHERE state = 'failed'") == 0)

            // One run came to its end for each piece, no more: what it did is stored together with its end. Attempts that were cut off
            // stored only that they had begun: one a job by the kill (its server's), one a job by the restart of the database.
            let ended: Int64 = try count("SELECT count(*) FROM piece_run WHERE ended = 1")
            #expect(ended == Int64(made.count))
            #expect(try count("SELECT count(DISTINCT key) FROM piece_run WHERE ended = 1") == ended)
            let cutOff: [(process: Int64, job: String)] = try connection.all("SELECT process, job FROM piece_run WHERE ended = 0") {
                ($0.integer(0), $0.text(1))
            }
            #expect(Dictionary(grouping: cutOff.filter { $0.process == Int64(killed) }, by: \.job).values.allSatisfy { $0.count == 1 })
            #expect(cutOff.count <= 8)
            // What the news of each piece led to is stored once.
            #expect(try count("SELECT count(*) FROM piece p WHERE (SELECT count(*) FROM piece_visit v WHERE v.piece = p.id) <> 1") == 0)
            // No job had two runs at a time: each began when the one before it was over, by the order in which they were stored.
            let trail: [(job: String, run: Int64, isBegin: Bool)] = try connection.all(
                """
                SELECT r.job, a.record, CASE WHEN a.action = 'created' THEN 1 ELSE 0 END FROM tenon_audit a \
                JOIN piece_run r ON r.id = a.record WHERE a.entity = 'piece_run' ORDER BY a.id
                """
            ) { ($0.text(0), $0.integer(1), $0.integer(2) == 1) }
            #expect(!trail.isEmpty)
            let unfinished: Set<Int64> = Set(try connection.all("SELECT id FROM piece_run WHERE ended = 0") { $0.integer(0) })
            var open: [String: Int64] = [:]
            for step in trail where !unfinished.contains(step.run) {
                if step.isBegin {
                    #expect(open[step.job] == nil, "\(step.job) ran twice at a time")
                    open[step.job] = step.run
                } else if open[step.job] == step.run {
                    open[step.job] = nil
                }
            }
            print(
                "\(seen.made.count) pieces acknowledged, \(seen.done.count) changes, \(seen.retriable) answers to try again, "
                    + "\(seen.uncertain) that told nothing, \(seen.silences) silences, \(ended) runs for \(made.count) pieces, \(cutOff.count) cut off")

            func states() -> [String] { (fleet.json(0, "/api/v1/status/peers")?["data"]?.array ?? []).compactMap { $0["state"]?.text }.sorted() }
            try CrashRange.wait("the killed one to count as gone") { states().contains("gone") }
            // The commands that made the deployment were servers, too, and ended as they should.
            #expect(states().filter { $0 != "ended" } == ["gone", "serving", "serving"])
            let shown = try fleet.programs[0].run("peers")
            #expect(shown.output.contains("serving") && shown.output.contains("gone"), "\(shown)")
            #expect(try fleet.programs[0].run("doctor").output.contains("no sign of life from"))
            guard case .answer(200, _, let page) = fleet.knock(0).ask("GET", "/admin/jobs/servers", accept: "text/html") else {
                Issue.record("the page of servers does not answer")
                return
            }
            #expect(page.contains("Serving") && page.contains("Gone"))
        }
    }
}
