import Foundation
import PluginAPI
import Testing

@testable import Kernel

#if canImport(Glibc)
import Glibc
#endif

/// The process killed, without a word, in the middle of changes of plugins: SIGKILL, as when the power goes.
@Suite(.serialized) struct KilledChangeTests {
    /// Where the plugin that waits stands in the order of the plan, by its id.
    private static func order(_ id: String) -> [String] {
        let all: [String] = [id, "customers", "leads"]
        return all.sorted()
    }

    private static let ids: [String] = ["aa-gated", "gated", "zz-gated"]
    private static let points: [String] = ["register", "migration"]

    private func place(_ id: String) async throws -> GatedPlace {
        try await aside {
            let place = try GatedPlace(id)
            try place.install("Customers")
            try place.install("Leads")
            return place
        }
    }

    private func enable(_ place: GatedPlace) async throws -> TenonProgram.Run {
        try await aside { try place.program.run("plugin", "enable", "leads", place.id, "customers", "--approve") }
    }

    /// What a run that nobody disturbs leaves; found out once.
    private func undisturbed(_ id: String) async throws -> [String] { try await Self.pictures[id]?.value ?? [] }

    private static let pictures: [String: Task<[String], any Error>] = Dictionary(
        uniqueKeysWithValues: ids.map { id in
            let picture = Task {
                let tests = KilledChangeTests()
                let place = try await tests.place(id)
                let run = try await tests.enable(place)
                try #require(run.status == 0, "\(run)")
                return try await place.picture()
            }
            return (id, picture)
        })

    /// Each plugin is whole or absent, in the order of the plan.
    private func expectWhole(_ place: GatedPlace, before point: String) async throws {
        let order: [String] = Self.order(place.id)
        let done: [String] = Array(order.prefix { $0 != place.id })
        #expect(try await place.switchedOn().keys.sorted() == done.sorted(), "\(place.id) at \(point)")
        for id in order {
            let tables: [String] = try await place.tables(of: id)
            #expect(tables.isEmpty != done.contains(id), "\(id), killed in \(place.id) at \(point): \(tables)")
        }
        let left: [String] = try await place.read { connection in
            try connection.all("SELECT name FROM sqlite_master WHERE name LIKE 'gated_mark%' OR name LIKE 'tenon_search_gated%'", [], { $0.text(0) })
        }
        #expect(left == [])
    }

    @Test(arguments: ids, points)
    func `a command killed in the middle of a plan leaves whole plugins, and the plan is gone on with`(_ id: String, _ point: String) async throws {
        let wanted: [String] = try await undisturbed(id)
        let place = try await place(id)
        try place.close(point)
        let command = try place.program.begin("plugin", "enable", "leads", id, "customers", "--approve", environment: place.environment)
        try await aside {
            try place.waitUntilReached(point)
            try GatedPlace.kill([command])
        }
        try await expectWhole(place, before: point)

        let rest = try await enable(place)
        #expect(rest.status == 0, "\(rest)")
        #expect(try await place.picture() == wanted)
    }

    @Test(arguments: ids, points)
    func `a server whose worker is killed in the middle of a plan is back, and the plan is gone on with`(_ id: String, _ point: String) async throws {
        let wanted: [String] = try await undisturbed(id)
        let place = try await place(id)
        try place.close(point)
        let server = try await aside { try place.serve() }
        defer {
            server.process.terminate()
            server.process.waitUntilExit()
        }
        let status: Int32 = try await aside {
            let worker: pid_t = try KillTests.worker(server)
            let command = try place.program.begin("plugin", "enable", "leads", id, "customers", "--approve")
            try place.waitUntilReached(point)
            try GatedPlace.kill([], and: [worker])
            return command.waitUntilExit()
        }
        // It is told of the end, not left waiting.
        #expect(status != 0)
        try await expectWhole(place, before: point)

        let rest = try await enable(place)
        #expect(rest.status == 0, "\(rest)")
        let (listed, crashes): (JSONValue, JSONValue) = try await aside {
            (try place.program.run("plugin", "list", "--json").json, try place.program.run("crashes", "list", "--json").json)
        }
        #expect(listed["data"].elements.allSatisfy { $0["state"].scalar == "enabled" }, "\(listed)")
        // Nobody is blamed for what came from outside.
        server.process.terminate()
        server.process.waitUntilExit()
        #expect(crashes["data"].elements.count == 1 && crashes["data"].elements.allSatisfy { $0["plugin"].scalar == "" }, "\(crashes)")
        #expect(try await place.picture() == wanted)
    }

    @Test func `a command killed as soon as the first plugin is done leaves whole plugins, whichever it has come to`() async throws {
        let wanted: [String] = try await undisturbed("gated")
        let place = try await place("gated")
        let command = try place.program.begin("plugin", "enable", "leads", "gated", "customers", "--approve")
        let end = ContinuousClock.now + .seconds(180)
        var done: [String: String] = [:]
        while done["customers"] == nil, ContinuousClock.now < end { done = try await place.switchedOn() }
        try await aside { try GatedPlace.kill([command]) }
        let left: [String] = try await place.switchedOn().keys.sorted()
        #expect(left.contains("customers"))
        #expect(left == Array(Self.order("gated").prefix(left.count)))
        for id in Self.order("gated") { #expect(try await place.tables(of: id).isEmpty != left.contains(id)) }
        #expect(try await enable(place).status == 0)
        #expect(try await place.picture() == wanted)
    }

    // MARK: Upgrades

    enum Victim: String, CaseIterable, CustomTestStringConvertible {
        case worker, everything
        var testDescription: String { rawValue }
    }

    /// With the old version switched on, and the new one in the plugins folder.
    private func upgradable() async throws -> GatedPlace {
        try await aside {
            let place = try GatedPlace()
            let run = try place.program.run("plugin", "enable", "gated", "--approve")
            try #require(run.status == 0, "\(run)")
            try place.install("GatedNext")
            return place
        }
    }

    /// The version that serves, and what is in the records.
    private func state(_ place: GatedPlace) async throws -> (version: String, marks: Int64, weighed: Int64, upgrade: String) {
        let (info, list): (TenonProgram.Run, TenonProgram.Run) = try await aside {
            (try place.program.run("plugin", "info", "gated", "--json"), try place.program.run("gated-marks", "list", "--json"))
        }
        try #require(info.status == 0, "\(info)")
        #expect(info.json["state"].scalar == "enabled", "\(info)")
        #expect(list.status == 0, "\(list)")
        let version: String = info.json["version"].scalar
        let counts: [Int64] = try await place.read { connection in
            let isNew: Bool = try connection.columns(of: "gated_mark").contains("weight")
            return [
                try connection.integer("SELECT count(*) FROM gated_mark") ?? -1,
                isNew ? try connection.integer("SELECT count(*) FROM gated_mark WHERE weight = length(label)") ?? -1 : 0,
            ]
        }
        return (version, counts[0], counts[1], info.json["upgrade"]?["state"].scalar ?? "")
    }

    @Test(arguments: ["next-register", "next-question", "next-migration"], Victim.allCases)
    func `an upgrade killed while it takes over leaves the old version serving with its data whole, and succeeds the next time`(
        _ point: String, _ victim: Victim
    ) async throws {
        let place = try await upgradable()
        let server: TenonProgram.Server = try await aside {
            let server = try place.serve()
            let first: pid_t = try KillTests.worker(server)
            try place.close(point)
            let command = try place.program.begin("plugin", "upgrade", "gated", "--approve")
            defer { command.waitUntilExit() }
            try place.waitUntilReached(point)
            let second: pid_t = try KillTests.worker(server)
            try #require(first != second)
            switch victim {
            case .worker:
                try GatedPlace.kill([], and: [second])
                return server
            case .everything:
                try GatedPlace.kill([server.process, command], and: [second])
                return try place.serve()
            }
        }
        defer {
            server.process.terminate()
            server.process.waitUntilExit()
        }

        let after = try await state(place)
        #expect(after.version == "1.0.0")
        #expect(after.marks == 200 && after.weighed == 0)
        #expect(after.upgrade == "failed")

        let again = try await aside { try place.program.run("plugin", "upgrade", "gated", "--approve") }
        #expect(again.status == 0, "\(again)")
        let taken = try await state(place)
        #expect(taken.version == "1.1.0" && taken.upgrade == "")
        #expect(taken.marks == 200 && taken.weighed == 200)
    }

    @Test func `an upgrade killed as soon as it is stored serves the new version`() async throws {
        let place = try await upgradable()
        let (server, first): (TenonProgram.Server, pid_t) = try await aside {
            let server = try place.serve()
            return (server, try KillTests.worker(server))
        }
        defer {
            server.process.terminate()
            server.process.waitUntilExit()
        }
        let command = try place.program.begin("plugin", "upgrade", "gated", "--approve")
        let end = ContinuousClock.now + .seconds(180)
        while try await place.switchedOn()["gated"] != "1.1.0", ContinuousClock.now < end {}
        try await aside {
            let second: pid_t = try KillTests.worker(server)
            try #require(first != second)
            try GatedPlace.kill([], and: [second])
            command.waitUntilExit()
        }
        let after = try await state(place)
        #expect(after.version == "1.1.0" && after.marks == 200 && after.weighed == 200)
        #expect(after.upgrade == "")
    }
}
