import Foundation
import PluginAPI
import Testing

@testable import Kernel

@Suite struct QuarantineTests {
    /// Takes in reports of crashes at these moments, a start for each.
    private func starts(_ minutes: [Double], of plugin: String? = "acme", in database: TemporaryDatabase) async throws -> [String: Quarantine] {
        let folder = ReportFolder(dataDirectory: database.folder.path)
        var quarantined: [String: Quarantine] = [:]
        for minute in minutes {
            let open = try folder.open()
            var text = "tenon-report 1\ntime \(Int(minute * 60_000) + 1_000_000)\nkind crash\nwhat SIGSEGV\n"
            if let plugin { text += "plugin \(plugin)\nversion 1.0.0\n" }
            try text.write(toFile: open.path, atomically: false, encoding: .utf8)
            open.close()
            quarantined = try await CrashLedger.takeIn(folder, database.engine)
        }
        return quarantined
    }

    @Test func `the third crash within ten minutes keeps a plugin out, at their very edge, too`() async throws {
        for (minutes, isKeptOut) in [([0, 5, 10], true), ([0, 5, 10.001], false), ([0, 1], false), ([0, 9, 11, 18], true), ([0, 6, 12, 18, 24], false)] as [([Double], Bool)] {
            let database = try TemporaryDatabase()
            let quarantined = try await starts(minutes, in: database)
            #expect(quarantined.keys.sorted() == (isKeptOut ? ["acme"] : []), "\(minutes)")
        }
    }

    @Test func `crashes of the kernel and of others do not add up to one plugin's`() async throws {
        let database = try TemporaryDatabase()
        _ = try await starts([0, 1], in: database)
        _ = try await starts([2, 3, 4], of: nil, in: database)
        #expect(try await starts([5, 6], of: "other", in: database) == [:])
        let records = try await database.engine.read { try CrashLedger.list($0) }
        #expect(records.map(\.plugin) == ["other", "other", nil, nil, nil, "acme", "acme"])
    }

    @Test func `a plugin that was released begins anew`() async throws {
        let database = try TemporaryDatabase()
        #expect(try await starts([0, 1, 2], in: database).count == 1)
        try await database.engine.write { try Quarantine.release("acme", $0) }
        #expect(try await starts([3, 4], in: database).isEmpty)
        #expect(try await starts([5], in: database).count == 1)
    }

    @Test func `a report is taken in once, also when its file stays`() async throws {
        let database = try TemporaryDatabase()
        let folder = ReportFolder(dataDirectory: database.folder.path)
        let open = try folder.open()
        let text = "tenon-report 1\ntime 5\nkind crash\nwhat SIGSEGV\nplugin acme\n"
        for _ in 0..<4 {
            try text.write(toFile: open.path, atomically: false, encoding: .utf8)
            #expect(try await CrashLedger.takeIn(folder, database.engine).isEmpty)
        }
        #expect(try await database.engine.read { try CrashLedger.list($0) }.count == 1)
    }

    @Test func `a report that nobody wrote leaves no file, and rubbish is cleared away`() async throws {
        let database = try TemporaryDatabase()
        let folder = ReportFolder(dataDirectory: database.folder.path)
        try folder.open().close()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        try "rubbish".write(toFile: folder.path + "/1.report", atomically: false, encoding: .utf8)
        #expect(try await CrashLedger.takeIn(folder, database.engine).isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
}
