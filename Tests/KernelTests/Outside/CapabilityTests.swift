import Foundation
import PluginAPI
import Synchronization
import Testing

@testable import Kernel

/// A note about a repair: a plugin beside the workshop.
private enum Memo: Entity {
    static let text = Field<String>("text")
    static let about = Field<Int?>("about")
    static let schema = Schema("memo", text, about)
}

private enum OtherRepair: ForeignEntity {
    static let title = Field<String>("title")
    static let schema = Schema("repair", title)
}

private struct MemoFiled: HookPayload { var memo: RecordID }

private struct ClerkPlugin: Plugin {
    static let filed = Hook<MemoFiled>("memo_filed")
    let usesRepairs: Bool

    func register(with crm: inout Registrar) {
        crm.entity(Memo.self)
        if usesRepairs { crm.uses(OtherRepair.self) }
        crm.setting(ClerkPlugin.own)
        crm.hook(ClerkPlugin.filed)
        crm.job("clerk.tidy", .onDemand) { _ in }
        // A memo about a repair takes the repair's title.
        crm.prepare(Memo.self) { change, transaction in
            guard let id = change.new[Memo.about] else { return }
            change.new[Memo.text] = try transaction.find(OtherRepair.self, RecordID(Int64(id)))[OtherRepair.title]
        }
    }

    static let own = Setting<Int>("clerk.size", "Size", default: 3)
    static let others = Setting<Int>("workshop.size", "Size", default: 3)
}

@Suite final class CapabilityTests {
    let clock = FixedClock("2026-03-01T09:00:00Z")
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-clerk-\(UUID().uuidString)")
    deinit { try? FileManager.default.removeItem(at: folder) }

    /// A workshop with a clerk beside it who may do what is given, and one repair.
    private func store(_ approved: PluginManifest.Capabilities = .init(), usesRepairs: Bool = false) async throws -> Store {
        let registry = try registry(
            .of("workshop", WorkshopPlugin(recorder: Recorder())), .of("clerk", approved: approved, ClerkPlugin(usesRepairs: usesRepairs)))
        let database = try TemporaryDatabase()
        try await database.prepare(for: registry)
        let store = Store(
            engine: database.engine, clock: clock, registry: registry, calls: PluginCalls(uses: PluginUses(clock: clock)))
        keep(database)
        try await store.write(as: .system("test", rights: .empty)) { tx in
            _ = try tx.transaction.insert(Repair.self) { $0[Repair.title] = "Clutch" }
        }
        return store
    }

    private let kept = Mutex<[TemporaryDatabase]>([])
    private func keep(_ database: TemporaryDatabase) { kept.withLock { $0.append(database) } }

    private func context(_ store: Store) -> Context {
        let services = OutsideServices(client: OutgoingClient(places: 2) { true }, filesFolder: folder.path)
        return Context(StoreContext(store: store, actor: .system("test", rights: .empty), plugin: "clerk", outside: services))
    }

    private func refusal(_ body: () async throws -> Void) async -> CRMError? {
        do { try await body() } catch { return error as? CRMError }
        return nil
    }

    /// What is on record, briefly.
    private func uses(_ store: Store) async throws -> [String] {
        try await store.calls.uses.entries(of: "clerk", store.engine).map {
            "\($0.isRefused ? "refused" : "used") \($0.kind.rawValue) \($0.target) \($0.count)"
        }
    }

    @Test func `users, teams and its own records are open to every plugin`() async throws {
        let store = try await store()
        let context = context(store)
        let counts = try await context.write { tx in
            try tx.insert(Memo.self) { $0[Memo.text] = "x" }
            return [try tx.count(Memo.self), try tx.all(User.self).count, try tx.all(Team.self).count]
        }
        #expect(counts == [1, 0, 0])
        #expect(try await uses(store) == [])
    }

    @Test func `another plugin's records are read only as approved, and every refusal is counted`() async throws {
        let closed = try await store()
        for _ in 0..<3 {
            let error = try #require(await refusal { _ = try await context(closed).read { try $0.all(OtherRepair.self).count } })
            #expect(error.code == .forbidden)
            #expect(error.message == "the plugin clerk may not read repair")
            #expect(error.hint == #"Declare "reads": ["repair"] under capabilities in its plugin.json and have it approved: tenon plugin enable clerk"#)
        }
        #expect(await refusal { _ = try await context(closed).read { try $0.find(OtherRepair.self, RecordID(1)) } }?.code == .forbidden)
        #expect(await refusal { _ = try await context(closed).read { try $0.count(OtherRepair.self) } }?.code == .forbidden)
        #expect(await refusal { _ = try await context(closed).read { try $0.canSee(OtherRepair.self, RecordID(1)) } }?.code == .forbidden)
        #expect(try await uses(closed) == ["refused read repair 6"])
        let open = try await store(.init(reads: ["repair"]), usesRepairs: true)
        #expect(try await context(open).read { try $0.find(OtherRepair.self, RecordID(1))[OtherRepair.title] } == "Clutch")
        #expect(try await uses(open) == [])
    }

    @Test func `to read is not to write`() async throws {
        let reading = try await store(.init(reads: ["repair"]), usesRepairs: true)
        let attempts: [@Sendable (Transaction) throws -> Void] = [
            { tx in try tx.insert(OtherRepair.self) { $0[OtherRepair.title] = "Brake" } },
            { tx in
                var repair = try tx.find(OtherRepair.self, RecordID(1))
                repair[OtherRepair.title] = "Brake"
                try tx.save(repair)
            },
            { tx in try tx.delete(OtherRepair.self, RecordID(1)) },
        ]
        for attempt in attempts {
            #expect(await refusal { try await context(reading).write(attempt) }?.message == "the plugin clerk may not write repair")
        }
        #expect(try await uses(reading) == ["refused write repair 3"])
        // Who writes reads, too.
        let writing = try await store(.init(writes: ["repair"]), usesRepairs: true)
        try await context(writing).write(attempts[1])
        #expect(try await context(writing).read { try $0.find(OtherRepair.self, RecordID(1))[OtherRepair.title] } == "Brake")
    }

    @Test func `a rule of a plugin is held to the same, and what it was part of is undone`() async throws {
        let store = try await store()
        let error = await refusal {
            _ = try await store.write(as: .system("test", rights: .empty)) { tx in
                try tx.transaction.insert(Memo.self) {
                    $0[Memo.text] = "x"
                    $0[Memo.about] = 1
                }
            }
        }
        #expect(error?.message == "the plugin clerk may not read repair")
        #expect(try await context(store).read { try $0.count(Memo.self) } == 0)
        #expect(try await uses(store) == ["refused read repair 1"])
    }

    @Test func `every right is had only by whom it was approved, and each use is on record`() async throws {
        let closed = try await store()
        let error = await refusal {
            _ = try await context(closed).write { tx in
                let everyone = tx.elevated(for: "counting all")
                return try everyone.elevated(for: "again").count(Memo.self)
            }
        }
        #expect(error?.message == "the plugin clerk may not act with every right (counting all)")
        #expect(try await uses(closed) == ["refused elevate counting all 1"])

        let open = try await store(.init(elevated: "counts"))
        for _ in 0..<2 { #expect(try await context(open).read { try $0.elevated(for: "counting all").count(Memo.self) } == 0) }
        #expect(try await uses(open) == ["used elevate counting all 2"])
        // Every right is not every entity.
        let foreign = await refusal { _ = try await context(open).read { try $0.elevated(for: "counting all").count(OtherRepair.self) } }
        #expect(foreign?.message == "the plugin clerk may not read repair")
    }

    @Test func `settings and jobs of other plugins are theirs`() async throws {
        let store = try await store()
        #expect(try await context(store).read { try $0.setting(ClerkPlugin.own) } == 3)
        #expect(try await context(store).read { try $0.setting(KernelSettings.name) } == "Tenon")
        #expect(
            await refusal { _ = try await context(store).read { try $0.setting(ClerkPlugin.others) } }?.message
                == "the plugin clerk may not read the setting workshop.size")
        // What opens something is for the kernel alone.
        #expect(
            await refusal { _ = try await context(store).read { try $0.setting(KernelSettings.mailPassword) } }?.message
                == "the plugin clerk may not read the setting kernel.mail_password")
        try await context(store).write { try $0.enqueue("clerk.tidy") }
        #expect(
            await refusal { try await context(store).write { try $0.enqueue("workshop.close") } }?.message
                == "the plugin clerk may not queue the job workshop.close")
        #expect(try await uses(store) == ["refused job workshop.close 1", "refused setting kernel.mail_password 1", "refused setting workshop.size 1"])
    }

    @Test func `requests go to approved hosts alone, and are on record by host`() async throws {
        let server = try OutsideServer { .status(200, $0.path) }
        let store = try await store(.init(hosts: ["127.0.0.1", "*.example.com"]))
        #expect(try await context(store).http.send(HTTPRequest(.get, server.url + "/score")).text == "/score")
        let other = "http://localhost:\(server.port)/"
        let error = await refusal { _ = try await context(store).http.send(HTTPRequest(.get, other)) }
        #expect(error?.code == .forbidden)
        #expect(error?.message == "the plugin clerk may not send requests to localhost")
        #expect(server.requests.count == 1)
        #expect(try await uses(store) == ["refused connect localhost 1", "used connect 127.0.0.1 1"])
    }

    @Test func `a plugin sends its own hooks, and none of anybody else's`() async throws {
        let store = try await store()
        try await context(store).write { try $0.emit(ClerkPlugin.filed, MemoFiled(memo: RecordID(1))) }
        #expect(try await uses(store) == [])
        // Another plugin's, those of records, also of its own, those of webhooks and users, and one that there is not.
        for name in ["repair_created", "memo_created", "user_created", "memo_lost"] {
            let error = await refusal { try await context(store).write { try $0.emit(Hook<MemoFiled>(name), MemoFiled(memo: RecordID(1))) } }
            #expect(error?.code == .forbidden)
            #expect(error?.message == "the plugin clerk may not send the hook \(name)")
            #expect(error?.hint.contains("crm.hook(…)") == true)
        }
        #expect(try await uses(store).sorted() == ["memo_created", "memo_lost", "repair_created", "user_created"].map { "refused hook \($0) 1" })
    }

    @Test func `mail needs leave, and is on record by the domains that it goes to`() async throws {
        let sink = try MailSink()
        let account = MailPost.Account(
            server: try #require(try MailServer(sink.url)), sender: try #require(MailAddress("crm@example.com")), isUnencrypted: true)
        func context(_ store: Store) -> Context {
            let services = OutsideServices(client: OutgoingClient(places: 1) { true }, filesFolder: folder.path, mail: MailPost { account })
            return Context(StoreContext(store: store, actor: .system("test", rights: .empty), plugin: "clerk", outside: services))
        }
        let mail = Mail(to: ["ada@example.com", "Jo <jo@Example.ORG>"], cc: ["bo@example.com"], subject: "Hello", text: "x")
        let closed = try await store()
        let error = await refusal { try await context(closed).send(mail) }
        #expect(error?.code == .forbidden)
        #expect(error?.message == "the plugin clerk may not send mail to example.com")
        #expect(error?.hint.contains(#"Declare "mail": true under capabilities"#) == true)
        // Who may not send any is not told what is wrong with the message.
        #expect(await refusal { try await context(closed).send(Mail(to: [], subject: "", text: "")) }?.code == .forbidden)
        #expect(sink.messages.isEmpty)
        let open = try await store(.init(mail: true))
        try await context(open).send(mail)
        #expect(await refusal { try await context(open).send(Mail(to: [], subject: "", text: "")) }?.code == .invalid)
        #expect(sink.messages.count == 1)
        #expect(try await uses(open).sorted() == ["used mail example.com 1", "used mail example.org 1"])
    }

    @Test func `files need leave, too`() async throws {
        let closed = try await store()
        #expect(await refusal { try await context(closed).files.write("a.txt", [1]) }?.message == "the plugin clerk may not keep files")
        #expect(!FileManager.default.fileExists(atPath: folder.path))
        let open = try await store(.init(files: true))
        try await context(open).files.write("a.txt", [1])
        #expect(try await context(open).files.list() == ["a.txt"])
        #expect(FileManager.default.fileExists(atPath: folder.path + "/clerk/a.txt"))
        await #expect(throws: CRMError.self) { try await context(open).files.read("../other/a.txt") }
    }

    @Test func `a plugin that was switched off may do nothing more`() async throws {
        let store = try await store(.init(writes: ["repair"], elevated: "x"), usesRepairs: true)
        let context = context(store)
        store.replace(registry: try registry(.of("workshop", WorkshopPlugin(recorder: Recorder()))))
        #expect(await refusal { _ = try await context.read { try $0.count(OtherRepair.self) } }?.code == .forbidden)
        #expect(await refusal { _ = try await context.read { try $0.elevated(for: "x").count(User.self) } }?.code == .forbidden)
    }

    @Test func `a plugin that works with an entity which it was not approved to read is not let in`() {
        #expect(
            problems(.of("workshop", WorkshopPlugin(recorder: Recorder())), .of("clerk", approved: .init(), ClerkPlugin(usesRepairs: true)))
                == ["clerk: works with the entity repair, which it was not approved to read"])
        let meddler = Composition.Part.of("meddler", approved: .init(reads: ["repair"])) { crm in
            crm.uses(OtherRepair.self)
            crm.prepare(OtherRepair.self) { change, _ in change.new[OtherRepair.title] = "mine" }
        }
        #expect(
            problems(.of("workshop", WorkshopPlugin(recorder: Recorder())), meddler)
                == ["meddler: works with the entity repair, which it was not approved to write"])
    }

    @Test func `counting keeps what could not be stored, and adds up over time`() async throws {
        let store = try await store()
        let uses = store.calls.uses
        uses.note("clerk", .read, "a", isRefused: true)
        try await uses.flush(to: store.engine)
        clock.advance(seconds: 60)
        uses.note("clerk", .read, "a", isRefused: true)
        let entries = try await uses.entries(of: "clerk", store.engine)
        for number in 0..<600 { uses.note("clerk", .connect, "host\(number)", isRefused: true) }
        try await uses.flush(to: store.engine)
        let first = try #require(entries.first { $0.target == "a" })
        #expect(first.count == 2)
        #expect(first.lastAt.milliseconds - first.firstAt.milliseconds == 60_000)
        // A host of its own for each request does not make a row for each.
        #expect(try await store.engine.read { try $0.integer("SELECT count(*) FROM tenon_plugin_use") } == 502)
    }
}
