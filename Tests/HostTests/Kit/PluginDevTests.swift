import Foundation
import PluginTesting
import Synchronization
import Testing

@testable import Kernel

/// `tenon plugin dev`: what its author saves is what the product does, while the product goes on serving.
@Suite struct PluginDevTests {
    private static let words = "The entry is finished."

    /// What the plugin says when an entry is finished.
    private static func answer(_ host: TestHost) async throws -> String {
        let entry = try await host.create("acme-loyalty-entries", ["name": "One more"])
        return try await host.act("acme-loyalty-entries", entry["id"], "finish", ["note": "Done."])["message"].text
    }

    /// What several clients did at once.
    private final class Tally: Sendable {
        private struct State {
            var stored: [String] = []
            var failures: [String] = []
            var isOver = false
        }
        private let state = Mutex(State())
        var isOver: Bool { state.withLock { $0.isOver } }
        var stored: [String] { state.withLock { $0.stored } }
        var failures: [String] { state.withLock { $0.failures } }
        func end() { state.withLock { $0.isOver = true } }
        func note(stored id: String) { state.withLock { $0.stored.append(id) } }
        func note(failure: String) { state.withLock { $0.failures.append(failure) } }
    }

    @Test func `what is saved is swapped in under requests: none is refused, nothing acknowledged is lost, and what is wrong changes nothing`() async throws {
        let place = try await Workplace()
        defer { place.remove() }
        let host = try await TestHost.start(place.package(), product: .built())
        #expect(try await Self.answer(host) == Self.words)

        let tally = Tally()
        let hammers = (0..<4).map { number in
            Task {
                while !tally.isOver {
                    do {
                        tally.note(stored: try await host.create("acme-loyalty-entries", ["name": .string("Hammer \(number)")])["id"].text)
                    } catch { tally.note(failure: String(describing: error)) }
                }
            }
        }
        try place.edit("Sources/AcmeLoyalty/FinishEntry.swift", Self.words, "Well done.")
        let start = ContinuousClock.now
        let swapped = try await host.tenon("plugin", "dev", place.folder, "--once")
        let took = ContinuousClock.now - start
        #expect(swapped.status == 0, "\(swapped)")
        #expect(try await Self.answer(host) == "Well done.")
        tally.end()
        for hammer in hammers { await hammer.value }
        #expect(tally.failures == [], "of \(tally.stored.count) requests, \(tally.failures.count) failed")
        let stored: Set<String> = Set(tally.stored)
        #expect(stored.count == tally.stored.count)
        var there: Set<String> = []
        for line in try await host.get("/api/v1/acme-loyalty-entries/export?format=json").json.items { there.insert(line["id"].text) }
        #expect(stored.isSubset(of: there))
        print("a saved change is in after \(took), with \(stored.count) records stored meanwhile: \(swapped.output)")

        // What does not compile is told with its place, and the version before goes on.
        try place.edit("Sources/AcmeLoyalty/FinishEntry.swift", "call.message = ", "call.massage = ")
        let broken = try await host.tenon("plugin", "dev", place.folder, "--once")
        #expect(broken.status != 0)
        #expect(broken.errors.contains("FinishEntry.swift"))
        #expect(broken.errors.contains("has no member 'massage'"))
        #expect(try await Self.answer(host) == "Well done.")
        try place.edit("Sources/AcmeLoyalty/FinishEntry.swift", "call.massage = ", "call.message = ")

        // What the host would refuse does not get as far as the deployment.
        try place.edit("plugin.json", #""from": "1.0", "below": "2.0""#, #""from": "8.0", "below": "9.0""#)
        let refused = try await host.tenon("plugin", "dev", place.folder, "--once")
        #expect(refused.status != 0)
        #expect(refused.errors.contains("PluginAPI from 8.0"), "\(refused)")
        #expect(try await Self.answer(host) == "Well done.")
    }

    @Test func `it watches, and ends when it is told to`() async throws {
        let place = try await Workplace()
        defer { place.remove() }
        let host = try await TestHost.start(place.package(), product: .built())
        let watcher = Process()
        watcher.executableURL = Deployment.buildFolder.appendingPathComponent("tenon")
        watcher.arguments = ["plugin", "dev", place.folder, "--data", host.data]
        watcher.environment = ProcessInfo.processInfo.environment.merging(["TENON_SDK": Deployment.buildFolder.path + "/tenon-home/sdk"]) { $1 }
        let words: String = place.folder + ".log"
        #expect(FileManager.default.createFile(atPath: words, contents: nil))
        watcher.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: words))
        watcher.standardError = FileHandle.nullDevice
        try watcher.run()
        defer { if watcher.isRunning { watcher.terminate() } }
        func said(_ text: String) async throws -> String {
            var all = ""
            for _ in 0..<3000 {
                all = try String(contentsOfFile: words, encoding: .utf8)
                if all.contains(text) { return all }
                try await Task.sleep(for: .milliseconds(50))
            }
            Issue.record("“\(text)” was not said: \(all)")
            return all
        }
        // It says when it watches; a change before that might be taken for the beginning.
        _ = try await said("watching")
        try place.edit("Sources/AcmeLoyalty/FinishEntry.swift", Self.words, "So it is.")
        let all: String = try await said("is in")
        #expect(all.contains("changed: Sources/AcmeLoyalty/FinishEntry.swift"))
        #expect(try await Self.answer(host) == "So it is.")
        watcher.terminate()
        watcher.waitUntilExit()
        #expect(watcher.terminationStatus == 0 && watcher.terminationReason == .exit)
        // The server was there before, and stays.
        #expect(try await Self.answer(host) == "So it is.")
    }
}
