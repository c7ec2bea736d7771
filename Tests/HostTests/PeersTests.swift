import Foundation
import PluginAPI
import Synchronization
import Testing

@testable import Kernel

#if canImport(Glibc)
import Glibc
#endif

/// Several real servers on one database.
@Suite(.serialized, .enabled(if: PrivateServer.isInstalled, "several servers need PostgreSQL, which is not installed here"))
struct PeersTests {
    /// Puts a plugin of the fixtures into a data directory, as its files come to each machine.
    private static func install(_ name: String, into program: TenonProgram) throws {
        let folder = program.data.appendingPathComponent("plugins/ledgerly")
        try? FileManager.default.removeItem(at: folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: Deployment.sources.appendingPathComponent("Tests/Fixtures/Plugins/\(name)/plugin.json"), to: folder.appendingPathComponent("plugin.json"))
        try FileManager.default.copyItem(
            at: Deployment.buildFolder.appendingPathComponent("lib\(name).so"), to: folder.appendingPathComponent("lib\(name).so"))
    }

    private static func version(_ fleet: Fleet, _ place: Int) -> String? { fleet.json(place, "/api/v1/plugins/ledgerly")?["version"]?.text }

    @Test func `a plugin switched on and upgraded at one server is so at all of them, one after the other, with no request refused`() async throws {
        try await aside {
            let fleet = try Fleet(3, ["Crasher"]) { try Self.install("Ledgerly", into: $0) }
            defer { fleet.end() }
            let enabled = try fleet.programs[0].run("plugin", "enable", "ledgerly", "--approve", "--yes")
            #expect(enabled.status == 0, "\(enabled)")
            let begun = ContinuousClock.now
            for place in 0..<3 {
                try CrashRange.wait("it is on at \(place)") {
                    if case .answer(200, _, _) = fleet.knock(place).ask("GET", "/api/v1/ledgerly-entries") { true } else { false }
                }
            }
            #expect(ContinuousClock.now - begun < .seconds(3))

            // Somebody works all the time.
            let isEnding = Atomic<Bool>(false)
            let failures = Mutex<[String]>([])
            let group = DispatchGroup()
            for place in 0..<3 {
                group.enter()
                Thread.detachNewThread {
                    while !isEnding.load(ordering: .relaxed) {
                        switch fleet.knock(place).ask("GET", "/api/v1/fuses") {
                        case .answer(200, _, _): break
                        case let outcome: failures.withLock { $0.append("\(place): \(outcome)") }
                        }
                        usleep(2000)
                    }
                    group.leave()
                }
            }
            for program in fleet.programs { try Self.install("LedgerlyNext", into: program) }
            let upgraded = try fleet.programs[0].run("plugin", "upgrade", "ledgerly", "--approve", "--yes")
            #expect(upgraded.status == 0, "\(upgraded)")
            for place in 0..<3 { try CrashRange.wait("the new version is at \(place)", seconds: 60) { Self.version(fleet, place) == "1.1.0" } }
            // It has the new field everywhere: the new library is what runs.
            for place in 0..<3 {
                try CrashRange.wait("the new library runs at \(place)", seconds: 60) {
                    if case .answer(201, _, _) = fleet.knock(place).ask("POST", "/api/v1/ledgerly-entries", #"{"label": "heavy", "weight": 7}"#) { true } else { false }
                }
            }
            isEnding.store(true, ordering: .relaxed)
            group.wait()
            #expect(failures.withLock { $0 } == [])
            for place in 0..<3 { #expect(!fleet.said(place).contains("ended:"), "\(fleet.said(place))") }

            let disabled = try fleet.programs[2].run("plugin", "disable", "ledgerly", "--yes")
            #expect(disabled.status == 0, "\(disabled)")
            for place in 0..<3 {
                try CrashRange.wait("it is off at \(place)") {
                    if case .answer(404, _, _) = fleet.knock(place).ask("GET", "/api/v1/ledgerly-entries") { true } else { false }
                }
            }
        }
    }

    @Test func `a server that lacks a plugin's new files says so and serves on with the old ones until they come, and nothing is lost`() async throws {
        try await aside {
            let fleet = try Fleet(2, ["Crasher"]) { try Self.install("Ledgerly", into: $0) }
            defer { fleet.end() }
            let enabled = try fleet.programs[0].run("plugin", "enable", "ledgerly", "--approve", "--yes")
            #expect(enabled.status == 0, "\(enabled)")
            for place in 0..<2 {
                try CrashRange.wait("it is on at \(place)") {
                    if case .answer(200, _, _) = fleet.knock(place).ask("GET", "/api/v1/ledgerly-entries") { true } else { false }
                }
            }
            // Somebody writes through each of them all the time.
            let isEnding = Atomic<Bool>(false)
            let kept = Mutex<[Set<String>]>([[], []])
            let complaints = Mutex<[String]>([])
            let group = DispatchGroup()
            for place in 0..<2 {
                group.enter()
                Thread.detachNewThread {
                    var number = 0
                    while !isEnding.load(ordering: .relaxed) {
                        number += 1
                        let label = "entry \(place).\(number)"
                        switch fleet.knock(place).ask("POST", "/api/v1/ledgerly-entries", "{\"label\": \"\(label)\"}") {
                        case .answer(201, _, _): kept.withLock { _ = $0[place].insert(label) }
                        case .answer(503, let head, _) where head.contains("retry-after"): break
                        case .broken, .refused: usleep(5000)
                        case let outcome: complaints.withLock { $0.append("\(place): \(outcome)") }
                        }
                    }
                    group.leave()
                }
            }
            func getsOn(_ what: String) throws {
                let before: [Int] = kept.withLock { $0.map(\.count) }
                try CrashRange.wait(what, seconds: 60) { zip(kept.withLock { $0.map(\.count) }, before).allSatisfy { $0 >= $1 + 10 } }
            }
            func weighed(_ place: Int) -> Int {
                guard case .answer(let status, _, _) = fleet.knock(place).ask("POST", "/api/v1/ledgerly-entries", #"{"label": "heavy", "weight": 7}"#) else {
                    return 0
                }
                return status
            }
            try getsOn("both to store")
            try Self.install("LedgerlyNext", into: fleet.programs[0])
            let upgraded = try fleet.programs[0].run("plugin", "upgrade", "ledgerly", "--approve", "--yes")
            #expect(upgraded.status == 0, "\(upgraded)")
            try CrashRange.wait("the new library runs at the first", seconds: 60) { weighed(0) == 201 }
            try CrashRange.wait("the second to say what it lacks", seconds: 60) {
                fleet.said(1).contains("another server runs another version of the plugin ledgerly")
            }
            try getsOn("both to store, each with its own version")
            #expect((400..<500).contains(weighed(1)), "the old version knows nothing of the new field")
            // Its files come, and it begins anew.
            try Self.install("LedgerlyNext", into: fleet.programs[1])
            try fleet.serveAnew(1)
            try CrashRange.wait("the new library runs at the second", seconds: 60) { weighed(1) == 201 }
            try getsOn("both to store, with the new version")
            isEnding.store(true, ordering: .relaxed)
            group.wait()
            #expect(complaints.withLock { $0 }.prefix(5) == [])
            let stored: Set<String> = Set(try fleet.database.connect().all("SELECT label FROM ledgerly_entry") { $0.text(0) })
            let lost: Set<String> = kept.withLock { $0[0].union($0[1]) }.subtracting(stored)
            #expect(lost.isEmpty, "acknowledged and lost")
        }
    }
}
