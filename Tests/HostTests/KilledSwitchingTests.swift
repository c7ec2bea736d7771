import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// SIGKILL in the middle of what takes plugins away and brings them back: disable, uninstall, restore, apply. Afterwards the change has
/// been made or it has not, and can be made again.
@Suite(.serialized) struct KilledSwitchingTests {
    /// With the plugin switched on; one of its marks has been given another name.
    private func place() async throws -> GatedPlace {
        try await aside {
            let place = try GatedPlace()
            try Self.run(place, "plugin", "enable", "gated", "--approve")
            try Self.run(place, "gated-marks", "edit", "7", "--label", "Renamed")
            return place
        }
    }

    @discardableResult
    private static func run(_ place: GatedPlace, _ arguments: String...) throws -> TenonProgram.Run {
        let run = try place.program.run(arguments)
        try #require(run.status == 0, "\(arguments): \(run)")
        return run
    }

    private func run(_ place: GatedPlace, _ arguments: String...) async throws -> TenonProgram.Run {
        let run = try await aside { try place.program.run(arguments) }
        #expect(run.status == 0, "\(arguments): \(run)")
        return run
    }

    /// Begins a command, waits until it is in the trap, and kills it there.
    private func kill(_ place: GatedPlace, at event: String, when condition: String = "1", _ arguments: String...) async throws {
        try await place.setTrap(event, when: condition)
        let command = try place.program.begin(arguments)
        try await aside {
            try place.waitUntilTrapped(command)
            try GatedPlace.kill([command])
        }
        try await place.removeTrap()
        let engine = try SQLiteEngine(path: place.program.data.appendingPathComponent("tenon.sqlite").path, durable: false)
        #expect(try await engine.integrityProblems() == [])
        try await engine.close()
    }

    private static let renamed: [String] = (1...200).map { $0 == 7 ? "Renamed" : "Mark \($0)" }

    @Test(arguments: ["AFTER UPDATE ON tenon_plugin", "AFTER INSERT ON tenon_audit"])
    func `a plugin whose disabling was killed is on as before, and can be disabled`(_ event: String) async throws {
        let place = try await place()
        let before: [String] = try await place.picture()
        try await kill(place, at: event, "plugin", "disable", "gated")
        #expect(try await place.switchedOn().keys.sorted() == ["gated"])
        #expect(try await place.picture() == before)
        #expect(try await run(place, "gated-marks", "list", "--json").json["data"].elements.isEmpty == false)

        _ = try await run(place, "plugin", "disable", "gated")
        #expect(try await place.switchedOn().isEmpty)
        #expect(try await place.marks() == Self.renamed, "its data stays")
    }

    @Test(arguments: [
        ("BEFORE DELETE ON tenon_owner", "1"), ("AFTER INSERT ON tenon_audit", "NEW.action = 'uninstalled'"), ("BEFORE DELETE ON tenon_plugin", "1"),
    ])
    func `a plugin whose uninstalling was killed is off with all that it holds, and can be uninstalled or come back`(
        _ event: String, _ condition: String
    ) async throws {
        let place = try await place()
        try await kill(place, at: event, when: condition, "plugin", "uninstall", "gated", "--yes-destroy", "gated")
        #expect(try await place.switchedOn().isEmpty)
        #expect(try await place.tables(of: "gated") == ["gated_mark: 200"])
        #expect(try await place.marks() == Self.renamed)

        // It comes back as it was.
        _ = try await run(place, "plugin", "enable", "gated", "--approve")
        #expect(try await place.marks() == Self.renamed)

        // And it can be taken out; the archive of that is whole.
        let done = try await run(place, "plugin", "uninstall", "gated", "--yes-destroy", "gated", "--json")
        let archive: String = done.json["data"].elements.first?["archive"].scalar ?? ""
        let tables = try await place.tables(of: "gated")
        let marks = try await place.marks()
        #expect(tables.isEmpty && marks.isEmpty)
        _ = try await run(place, "plugin", "enable", "gated", "--approve")
        _ = try await run(place, "plugin", "restore", archive)
        #expect(try await place.marks() == Self.renamed)
    }

    /// Files move after the transaction: whoever is killed in between has uninstalled the plugin and left them where they were.
    @Test func `files of a plugin that was uninstalled, left where they were by a kill, are with its archive after the next start`() async throws {
        let place = try await place()
        let done = try await run(place, "plugin", "uninstall", "gated", "--yes-destroy", "gated", "--json")
        let archive: String = done.json["data"].elements.first?["archive"].scalar ?? ""
        let left: URL = place.program.data.appendingPathComponent("files/gated")
        try FileManager.default.createDirectory(at: left, withIntermediateDirectories: true)
        try Data("kept".utf8).write(to: left.appendingPathComponent("photo.txt"))
        _ = try await run(place, "plugin", "list")
        #expect(!FileManager.default.fileExists(atPath: left.path), "a plugin that is switched on anew finds no files of an earlier life")
        #expect(try String(contentsOfFile: archive + "/files/photo.txt", encoding: .utf8) == "kept")
        _ = try await run(place, "plugin", "enable", "gated", "--approve")
        _ = try await run(place, "plugin", "restore", archive)
        #expect(try String(contentsOf: left.appendingPathComponent("photo.txt"), encoding: .utf8) == "kept")
    }

    @Test(arguments: ["NEW.id = 1", "NEW.id = 101", "NEW.id = 200"])
    func `an archive whose restoring was killed has brought nothing yet, and can be restored`(_ condition: String) async throws {
        let place = try await place()
        let done = try await run(place, "plugin", "uninstall", "gated", "--yes-destroy", "gated", "--json")
        let archive: String = done.json["data"].elements.first?["archive"].scalar ?? ""
        _ = try await run(place, "plugin", "enable", "gated", "--approve")
        let fresh: [String] = try await place.marks()
        #expect(fresh.count == 200 && !fresh.contains("Renamed"))
        try await kill(place, at: "AFTER INSERT ON gated_mark", when: condition, "plugin", "restore", archive)
        #expect(try await place.marks() == fresh)
        _ = try await run(place, "plugin", "restore", archive)
        #expect(try await place.marks() == Self.renamed)
        // The archive stays until somebody takes it away.
        #expect(FileManager.default.fileExists(atPath: archive + "/manifest.json"))
    }

    @Test(arguments: ["register", "migration"])
    func `a deployment's text whose applying was killed leaves whole plugins, and is brought to its end the next time`(_ point: String) async throws {
        let place = try await aside {
            let place = try GatedPlace()
            try place.install("Customers")
            return place
        }
        let file: URL = place.program.folder.appendingPathComponent("deployment.json")
        let document = #"{"plugins": [{"id": "customers"}, {"id": "gated"}], "settings": {"kernel.name": "Harbour"}}"#
        try document.write(to: file, atomically: true, encoding: .utf8)
        try place.close(point)
        let command = try place.program.begin("apply", file.path, "--approve", environment: place.environment)
        try await aside {
            try place.waitUntilReached(point)
            try GatedPlace.kill([command])
        }
        let on: [String] = try await place.switchedOn().keys.sorted()
        #expect(!on.contains("gated"))
        for id in ["customers", "gated"] { #expect(try await place.tables(of: id).isEmpty != on.contains(id), "\(id)") }

        _ = try await run(place, "apply", file.path, "--approve")
        #expect(try await place.switchedOn().keys.sorted() == ["customers", "gated"])
        #expect(try await place.marks().count == 200)
        #expect(try await run(place, "settings", "get", "kernel.name").output == "Harbour\n")
        #expect(try await run(place, "apply", file.path, "--approve").output == "nothing to change\n")
    }

    @Test func `settings of a deployment's text are all applied or none, also when it was killed among them`() async throws {
        let place = try await place()
        let file: URL = place.program.folder.appendingPathComponent("deployment.json")
        let document = #"{"plugins": [{"id": "gated"}], "settings": {"kernel.name": "Harbour", "kernel.currency": "USD", "kernel.webhook_days": 9}}"#
        try document.write(to: file, atomically: true, encoding: .utf8)
        try await kill(place, at: "AFTER INSERT ON tenon_audit", when: "NEW.changes LIKE '%kernel.webhook_days%'", "apply", file.path)
        let before = try await run(place, "settings", "get", "kernel.currency").output
        #expect(before == "EUR\n")
        _ = try await run(place, "apply", file.path)
        #expect(try await run(place, "settings", "get", "kernel.currency").output == "USD\n")
        #expect(try await run(place, "apply", file.path).output == "nothing to change\n")
    }
}
