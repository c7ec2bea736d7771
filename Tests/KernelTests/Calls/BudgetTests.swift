import PluginAPI
import Testing

@testable import Kernel

/// Plugins that take longer than they may are reported by name.
@Suite struct BudgetTests {
    private func slow(_ desk: Desk) -> [String] {
        desk.store.calls.slow.take().map { "\($0.site) \($0.tally.count)× \($0.tally.worst / 1_000_000) of \($0.tally.limit / 1_000_000) ms" }.sorted()
    }

    @Test func `a rule that takes longer than the budget of its kind is noted by name, others are not`() async throws {
        let watch = Stopwatch()
        let desk = try await Desk(ParcelService(watch: watch).parts, clock: watch.clock)
        desk.store.calls.budgets.set(.transaction, nanoseconds: 30_000_000)
        for title in ["Ada", "Ben"] {
            try await desk.store.write(as: desk.system) { transaction in
                _ = try transaction.transaction.insert(Parcel.self) { $0[Parcel.title] = title }
            }
        }
        // The rule for labels took 20 ms within the listener, which alone took 40 of its 60: the parcel's reaction nearly nothing.
        #expect(slow(desk) == ["labels: listener parcel_packed 2× 40 of 30 ms"])
        #expect(slow(desk).isEmpty)
    }

    @Test func `a plugin is not charged with the time of another that its change sets off`() async throws {
        let watch = Stopwatch()
        let desk = try await Desk(ParcelService(watch: watch).parts, clock: watch.clock)
        desk.store.calls.budgets.set(.transaction, nanoseconds: 10_000_000)
        try await desk.store.write(as: desk.system) { transaction in
            _ = try transaction.transaction.insert(Parcel.self) { $0[Parcel.title] = "Ada" }
        }
        #expect(slow(desk) == ["labels: listener parcel_packed 1× 40 of 10 ms", "labels: validate label 1× 20 of 10 ms"])
    }

    @Test func `budgets are settings of the deployment, and zero switches one off`() async throws {
        let watch = Stopwatch()
        let desk = try await Desk(ParcelService(watch: watch).parts, clock: watch.clock)
        func save() async throws {
            try await desk.store.write(as: desk.system) { transaction in
                _ = try transaction.transaction.insert(Parcel.self) { $0[Parcel.title] = "Ada" }
            }
        }
        try await save()
        #expect(slow(desk).isEmpty)
        desk.store.replace(settings: DeploymentSettings(values: ["kernel.budget_transaction": .integer(39)]))
        try await save()
        #expect(slow(desk) == ["labels: listener parcel_packed 1× 40 of 39 ms"])
        desk.store.replace(settings: DeploymentSettings(values: ["kernel.budget_transaction": .integer(0)]))
        watch.advance(milliseconds: 1)
        try await save()
        #expect(slow(desk).isEmpty)
    }

    @Test func `a delivery and a job have budgets of their own`() async throws {
        let watch = Stopwatch()
        let calls = PluginCalls(clock: watch.clock)
        calls.budgets.set(.after, nanoseconds: 5_000_000)
        calls.budgets.set(.job, nanoseconds: 5_000_000)
        for kind in [CallKind.after, .job, .route] {
            try await calls.runAsync(.of("courier", kind, "round")) { watch.advance(milliseconds: 9) }
        }
        #expect(calls.slow.take().map(\.site.kind) == [.after, .job])
    }

    @Test func `slow code is listed with its worst and last time, counted over many calls, and told once a day`() async throws {
        let desk = try await FrontDesk()
        // On a busy machine the chores themselves may be slow.
        desk.kernel.store.calls.budgets.set(.transaction, nanoseconds: 0)
        let slow = desk.kernel.store.calls.slow
        let site = CallSite.of("chores", .listener, "chore_done")
        func notices() async throws -> [String] {
            try await desk.ask("GET", "notifications").json["data"]?.array?.compactMap { $0["message"]?.text }.filter { $0.contains("budget") } ?? []
        }
        for took: Int64 in [80, 120, 60] { slow.note(site, took: took * 1_000_000, limit: 50_000_000) }
        let listed = try await desk.ask("GET", "hooks/slow").json["data"]?.array ?? []
        #expect(listed.count == 1)
        let first = try #require(listed.first)
        #expect(first["plugin"]?.text == "chores" && first["kind"]?.text == "listener" && first["name"]?.text == "chore_done")
        #expect([first["count"]?.int, first["worst_ms"]?.int, first["last_ms"]?.int, first["budget_ms"]?.int] == [3, 120, 60, 50])
        #expect(first["last_at"]?.text == "2026-03-02T10:00:00.000Z")
        #expect(try await notices() == ["The plugin chores took 120 ms in listener to chore_done; its budget is 50 ms"])

        desk.clock.advance(seconds: 3600)
        slow.note(site, took: 70_000_000, limit: 50_000_000)
        #expect(try await desk.ask("GET", "hooks/slow?plugin=chores").json["data"]?.array?.first?["count"]?.int == 4)
        #expect(try await notices().count == 1)
        desk.clock.advance(seconds: 86_400)
        slow.note(site, took: 70_000_000, limit: 50_000_000)
        #expect(try await desk.ask("GET", "hooks/slow?plugin=receipts").json["data"]?.array?.isEmpty == true)
        #expect(try await notices().count == 2)

        #expect(try await desk.ask("GET", "hooks/slow", as: FrontDesk.agent).status == 403)
        #expect(try await desk.ask("DELETE", "hooks/slow", as: FrontDesk.agent).status == 403)
        #expect(try await desk.ask("DELETE", "hooks/slow").status == 204)
        #expect(try await desk.ask("GET", "hooks/slow").json["data"]?.array?.isEmpty == true)
    }
}
