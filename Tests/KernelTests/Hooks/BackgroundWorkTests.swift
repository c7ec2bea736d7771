import PluginAPI
import Testing

@testable import Kernel

/// Storage, deliveries, jobs and open pages together.
@Suite struct BackgroundWorkTests {
    @Test func `a listener hears of a stored record once, with the rights of the user who stored it`() async throws {
        let workshop = try await Workshop()
        try await workshop.repair("Clutch", by: 2)
        try await workshop.deliveries.deliverDue()
        try await workshop.deliveries.deliverDue()
        #expect(workshop.recorder.entries == ["Clutch for 2"])
    }

    @Test func `nothing is heard of a record whose transaction failed`() async throws {
        let workshop = try await Workshop()
        await #expect(throws: CRMError.self) {
            try await workshop.store.write(as: workshop.actor(1)) { transaction in
                try transaction.transaction.insert(Repair.self) { $0[Repair.title] = "Clutch" }
                throw CRMError.refused("no")
            }
        }
        try await workshop.deliveries.deliverDue()
        #expect(workshop.recorder.entries.isEmpty)
    }

    @Test func `a commit wakes deliveries and jobs that are running`() async throws {
        let workshop = try await Workshop()
        workshop.deliveries.start()
        try await workshop.jobs.start()
        try await workshop.repair("Brakes", by: 2) { $0[Repair.urgent] = true }
        await workshop.recorder.reached(2)
        await workshop.deliveries.stop()
        await workshop.jobs.stop()
        #expect(Set(workshop.recorder.entries) == ["Brakes for 2", "hurrying 1"])
    }

    @Test func `a scheduled job works with the rights of the product and shows in the trail`() async throws {
        let workshop = try await Workshop()
        let id = try await workshop.repair("Tyres", by: 3)
        try await workshop.jobs.runDue()
        workshop.clock.set(try #require(Moment("2026-03-01T18:00:00Z")))
        try await workshop.jobs.runDue()
        let trail = try await workshop.store.read(as: workshop.actor(1)) { transaction in
            try transaction.timeline(try transaction.registry.require("repair"), RecordID(id))
        }
        #expect(trail.first?.via == "job workshop.close")
        #expect(trail.first?.user == nil)
        #expect(trail.first?.changes.map(\.field) == ["finished"])
    }

    @Test func `a user is told at once of a record that somebody else assigned`() async throws {
        let workshop = try await Workshop()
        var ben = workshop.live.subscribe(2).makeAsyncIterator()
        _ = await ben.next()
        let id = try await workshop.repair("Lamp", by: 1) { $0[Repair.mechanic] = Reference(RecordID(2)) }
        let texts = [await ben.next(), await ben.next()].map { String(decoding: $0 ?? [], as: UTF8.self) }
        #expect(texts.contains("event: changed\ndata: {\"entity\":\"repair\",\"ids\":[]}\n\n"))
        #expect(texts.contains { $0.contains("Anna assigned you repair Lamp") && $0.contains("/admin/repairs/\(id)") && $0.contains("\"unread\":1") })
    }

    @Test func `notifications are read over JSON, and each user only sees their own`() async throws {
        let workshop = try await Workshop()
        for title in ["Lamp", "Horn", "Seat"] { try await workshop.repair(title) { $0[Repair.mechanic] = Reference(RecordID(2)) } }
        let api = NotificationsAPI(store: workshop.store, live: workshop.live)
        func ask(_ method: String, _ rest: [String], as user: Int64 = 2, _ query: [FrontRequest.QueryItem] = []) async throws -> FrontResponse {
            try await api.respond(FrontRequest(method: method, path: ["api", "v1", "notifications"] + rest, query: query), workshop.caller(user), rest[...])
        }
        let first = try body(try await ask("GET", [], [.init(name: "limit", value: "2")]))
        #expect(first["unread"]?.int == 3)
        #expect(first["data"]?.array?.compactMap { $0["message"]?.text } == ["Anna assigned you repair Seat", "Anna assigned you repair Horn"])
        #expect(first["data"]?.array?.first?["path"]?.text == "repairs")
        let next = try #require(first["next"]?.text)
        let second = try body(try await ask("GET", [], [.init(name: "limit", value: "2"), .init(name: "cursor", value: next)]))
        #expect(second["data"]?.array?.compactMap { $0["message"]?.text } == ["Anna assigned you repair Lamp"])
        #expect(second["next"] == .null)

        let id = try #require(first["data"]?.array?.first?["id"]?.int)
        await #expect(throws: CRMError.self) { try await ask("POST", ["\(id)", "read"], as: 3) }
        #expect(try await ask("POST", ["\(id)", "read"]).status == 204)
        #expect(try body(try await ask("GET", [], [.init(name: "unread", value: "true")]))["data"]?.array?.count == 2)
        #expect(try body(try await ask("POST", ["read-all"]))["read"]?.int == 2)
        #expect(try body(try await ask("GET", []))["unread"]?.int == 0)
        #expect(try body(try await ask("GET", [], as: 3))["data"]?.array?.isEmpty == true)
        await #expect(throws: CRMError.self) { try await ask("PUT", []) }
        await #expect(throws: CRMError.self) { try await ask("GET", [], [.init(name: "limit", value: "many")]) }
    }

    @Test func `jobs are listed and run over JSON by those who may`() async throws {
        let workshop = try await Workshop()
        let api = JobsAPI(jobs: workshop.jobs)
        func ask(_ method: String, _ rest: [String], as user: Int64 = 1, wait: Bool = false) async throws -> JSONValue {
            let query: [FrontRequest.QueryItem] = wait ? [.init(name: "wait", value: "true")] : []
            let request = FrontRequest(method: method, path: ["api", "v1", "jobs"] + rest, query: query)
            return try body(try await api.respond(request, workshop.caller(user), rest[...]))
        }
        let run = try await ask("POST", ["workshop.hurry", "run"], wait: true)
        #expect(run["state"]?.text == "done")
        #expect(workshop.recorder.entries == ["hurrying 0"])
        let list = try await ask("GET", [])
        // Those of the kernel stand beside them.
        let schedules = (list["schedules"]?.array ?? []).filter { $0["plugin"]?.text == "workshop" }
        #expect(schedules.compactMap { $0["name"]?.text } == ["workshop.close", "workshop.hurry"])
        #expect(schedules.first?["next_at"]?.text == "2026-03-01T18:00:00.000Z")
        #expect(list["queue"]?.array?.first?["name"]?.text == "workshop.hurry")
        await #expect(throws: CRMError.self) { try await ask("GET", [], as: 2) }
        await #expect(throws: CRMError.self) { try await ask("POST", ["workshop.hurry", "run"], as: 2) }
        await #expect(throws: CRMError.self) { try await ask("POST", ["workshop.nothing", "run"]) }
        await #expect(throws: CRMError.self) { try await ask("POST", ["queue", "99", "retry"]) }
    }

    @Test func `failed deliveries are listed, retried and discarded over JSON`() async throws {
        let workshop = try await Workshop()
        // The record is gone before its listener hears of it, so the listener fails.
        let ids = [try await workshop.repair("Lamp"), try await workshop.repair("Horn")]
        try await workshop.store.write(as: .system("test", rights: workshop.rights)) { transaction in
            for id in ids { try transaction.delete("repair", RecordID(id)) }
        }
        for _ in 1...16 {
            try await workshop.deliveries.deliverDue()
            workshop.clock.advance(seconds: 6 * 3600)
        }
        let api = HooksAPI(
            store: workshop.store, deliveries: workshop.deliveries,
            slow: SlowCallBook(store: workshop.store) { .system("test", rights: .empty) })
        func ask(_ method: String, _ rest: [String], as user: Int64 = 1) async throws -> FrontResponse {
            let request = FrontRequest(method: method, path: ["api", "v1", "hooks"] + rest)
            return try await api.respond(request, workshop.caller(user), rest[...])
        }
        let failed = try body(try await ask("GET", ["failed"]))["data"]?.array ?? []
        #expect(failed.count == 2)
        #expect(failed.first?["hook"]?.text == "repair_created")
        #expect(failed.first?["payload"]?["record"]?.int == ids[1])
        #expect(failed.first?["error"]?.text?.hasPrefix("not_found: there is no repair") == true)
        let second = try #require(failed.first?["id"]?.int)
        let first = try #require(failed.last?["id"]?.int)
        #expect(try await ask("POST", ["failed", "\(first)", "retry"]).status == 204)
        #expect(try await ask("POST", ["failed", "\(second)", "discard"]).status == 204)
        #expect(try await workshop.deliveries.counts() == (1, 0))
        await #expect(throws: CRMError.self) { try await ask("GET", ["failed"], as: 2) }

        let hooks = try body(try await ask("GET", []))["data"]?.array ?? []
        let created = try #require(hooks.first { $0["name"]?.text == "repair_created" })
        #expect(created["listeners"]?.array?.first?["phase"]?.text == "after")
        #expect(created["listeners"]?.array?.first?["plugin"]?.text == "workshop")
    }
}
