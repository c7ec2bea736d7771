import PluginAPI
import Testing

@testable import Kernel

private struct ErrandRun: HookPayload { var errand: RecordID }
private let errandRun = Hook<ErrandRun>("errand_run")

private enum Errand: Entity {
    static let title = Field<String>("title", .searchable)
    static let state = Field<State>("state", .byDefault(State.open))
    static let before = Field<Reference<Errand>?>("before", .whenTargetIsDeleted(.cascade))
    static let schema = Schema("errand", title, state, before)

    enum State: String, Choice { case open, closed }
}

/// Rules that set off other changes, do not mind when these are refused, and listeners that refuse after they have stored something.
private struct ErrandsPlugin: Plugin {
    let journal: Journal

    func register(with crm: inout Registrar) {
        crm.entity(Errand.self)
        crm.list(Errand.self, columns: [Errand.title])
        crm.board(Errand.self, by: Errand.state, card: [Errand.title])
        crm.hook(errandRun, "An errand was run.")
        crm.after(Errand.created) { _, _ in }
        crm.after(Errand.deleted) { _, _ in }
        crm.after(errandRun) { _, _ in }
        crm.job("errands.walk", .onDemand) { _ in }
        crm.onSave(Errand.self) { [self] change, transaction in
            switch change.new[Errand.title] {
            case "outer": trying { try Self.insert("inner", transaction) }
            case "deep":
                trying { try Self.insert("middle", transaction) }
            case "middle":
                try Self.insert("beside", transaction)
                trying { try Self.insert("inner", transaction) }
            case "inner":
                try Self.insert("innermost", transaction)
                try transaction.notify(Reference(RecordID(Household.boss)), "An errand is under way")
                try transaction.enqueue("errands.walk")
                try transaction.emit(errandRun, ErrandRun(errand: change.new.id))
                throw CRMError.refused("not this one")
            case "caller": trying { try transaction.emit(errandRun, ErrandRun(errand: change.new.id)) }
            default: break
            }
        }
        crm.on(errandRun, name: "first", priority: 1) { event, transaction in
            if try transaction.find(Errand.self, event.errand)[Errand.title] == "caller" { try Self.insert("heard", transaction) }
        }
        crm.on(errandRun, name: "second", priority: 2) { event, transaction in
            if try transaction.find(Errand.self, event.errand)[Errand.title] == "caller" { throw CRMError.refused("nobody runs for this one") }
        }
        crm.onDelete(Errand.self) { errand, _ in
            if errand[Errand.title] == "kept" { throw CRMError.refused("this one is kept") }
        }
    }

    private func trying(_ body: () throws -> Void) {
        do { try body() } catch { journal.note((error as? CRMError)?.message ?? "\(error)") }
    }

    static func insert(_ title: String, _ transaction: Transaction) throws { try transaction.insert(Errand.self) { $0[Errand.title] = title } }
}

@Suite("What a plugin catches has never happened") struct CaughtRefusalTests {
    private let journal = Journal()

    private func house() async throws -> Household { try await Household(with: .of("errands", ErrandsPlugin(journal: journal))) }

    private func titles(_ house: Household, _ filter: Filter = .everything) async throws -> [String] {
        try await house.read { try $0.all("errand", where: filter, sort: [Sort(field: "id", descending: false)], limit: 50).map { $0["title"].text } }
    }

    /// Everything that a change leaves in the database and beside it tells of these errands alone.
    private func expectOnly(_ wanted: [String], _ house: Household) async throws {
        #expect(try await titles(house) == wanted)
        let count = Int64(wanted.count)
        #expect(try await house.rows("tenon_audit", where: "entity = 'errand'") == count)
        #expect(try await house.rows("tenon_outbox") == count, "each was made, nothing else happened")
        #expect(try await house.rows("tenon_job") == 0)
        #expect(try await house.rows("tenon_notification") == 0)
        if house.engine.dialect.kind == .sqlite { #expect(try await house.searchEntries(of: "errand") == count) }
        #expect(try await titles(house, .search("inn")) == [])
        let kept: Int64? = try await house.engine.read { 
            try $0.integer("SELECT CAST(coalesce(sum(\"count\"), 0) AS BIGINT) FROM tenon_board_figure WHERE entity = 'errand' AND measure = ''")
        }
        #expect(kept == count)
        let effects = try #require(house.effects.last)
        #expect(effects.touched.count == wanted.count)
        #expect(effects.notices.isEmpty && !effects.hasJobs)
    }

    @Test func `a change that a rule set off, and that was refused late, leaves nothing behind`() async throws {
        let house = try await house()
        try await house.add("errand", ["title": .text("outer")])
        #expect(journal.entries == ["not this one"])
        try await expectOnly(["outer"], house)
    }

    @Test func `what was caught within what was caught goes alone`() async throws {
        let house = try await house()
        try await house.add("errand", ["title": .text("deep")])
        #expect(journal.entries == ["not this one"])
        try await expectOnly(["deep", "middle", "beside"], house)
    }

    @Test func `so it is where a plugin stores something of its own accord, first of all in its transaction`() async throws {
        let house = try await house()
        try await house.write { transaction in
            let own: Transaction = transaction.transaction(for: "errands")
            #expect(throws: CRMError.self) { try ErrandsPlugin.insert("inner", own) }
            try ErrandsPlugin.insert("plain", own)
        }
        try await expectOnly(["plain"], house)
    }

    @Test func `what one listener stored goes when the next one refuses and the sender does not mind`() async throws {
        let house = try await house()
        try await house.add("errand", ["title": .text("caller")])
        #expect(journal.entries == ["nobody runs for this one"])
        try await expectOnly(["caller"], house)
    }

    @Test func `a deletion that is refused half-way deletes nothing`() async throws {
        let house = try await house()
        let root = try await house.add("errand", ["title": .text("root")])
        try await house.add("errand", ["title": .text("branch"), "before": .link(root)])
        try await house.add("errand", ["title": .text("kept"), "before": .link(root)])
        try await house.write { transaction in
            let own: Transaction = transaction.transaction(for: "errands")
            #expect(throws: CRMError.self) { try own.delete(Errand.self, root) }
            try ErrandsPlugin.insert("later", own)
        }
        try await expectOnlyTouched(["root", "branch", "kept", "later"], house)
    }

    private func expectOnlyTouched(_ wanted: [String], _ house: Household) async throws {
        #expect(try await titles(house) == wanted)
        #expect(try await house.rows("tenon_audit", where: "entity = 'errand' AND action = 'deleted'") == 0)
        #expect(try await house.rows("tenon_outbox") == Int64(wanted.count))
        #expect(house.effects.last?.touched.count == 1)
        #expect(try await titles(house, .search("branch")) == ["branch"])
    }

    @Test func `what nobody catches undoes the whole change`() async throws {
        let house = try await house()
        #expect(await failure { try await house.add("errand", ["title": .text("inner")]) }?.message == "not this one")
        #expect(try await titles(house) == [])
        #expect(try await house.rows("tenon_outbox") == 0)
    }
}
