import Foundation
import PluginAPI
import Synchronization
import Testing

@testable import Kernel

/// Writers that come together are stored together, and each has its own outcome.
@Suite struct GroupCommitTests {
    /// What happened, in order.
    private final class Log: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func note(_ line: String) { lines.withLock { $0.append(line) } }

        /// A job by name: notes when it is done and how it is told to have ended.
        func job(_ name: String, _ work: @escaping @Sendable (SQLiteConnection) throws -> Void) -> SQLiteWriter.Job {
            let own = Mutex<String?>(nil)
            return SQLiteWriter.Job(
                work: { connection in
                    self.note("\(name) begins")
                    do {
                        try work(connection)
                        return true
                    } catch {
                        own.withLock { $0 = Log.words(error) }
                        return false
                    }
                },
                finish: { failure in self.note("\(name): " + (own.withLock { $0 } ?? failure.map { Log.words($0) } ?? "stored")) })
        }

        private static func words(_ error: any Error) -> String {
            if SQLiteDialect().isFull(error) { return "full" }
            return (error as? CRMError)?.message ?? "\(error)"
        }
    }

    /// A file with one table, and the connection that writes it.
    private final class Place: Sendable {
        let folder: URL
        let path: String
        let readers: SQLiteReaders
        let writer: SQLiteWriter

        init(durable: Bool = false) throws {
            folder = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-batch-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            path = folder.appendingPathComponent("file.sqlite").path
            readers = SQLiteReaders(path: path)
            writer = try SQLiteWriter(path: path, isDurable: durable, readers: readers)
            let log = Log()
            store([log.job("table") { try $0.execute("CREATE TABLE t (name TEXT NOT NULL UNIQUE, bytes BLOB)") }])
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        /// Carries out a batch, and what is to be tidied up after it.
        func store(_ jobs: [SQLiteWriter.Job]) {
            if writer.store(jobs) { writer.checkpoint() }
        }

        func names() throws -> [String] { try readers.read { try $0.all("SELECT name FROM t ORDER BY name", []) { $0.text(0) } } }
    }

    private static func insert(_ name: String) -> @Sendable (SQLiteConnection) throws -> Void {
        { try $0.execute("INSERT INTO t (name) VALUES (?)", [.text(name)]) }
    }

    @Test func `a commit waits for the disk, whatever the library between thinks of that`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-full-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for _ in 0..<2 {
            let engine = try SQLiteEngine(path: folder.appendingPathComponent("file.sqlite").path)
            let level: Int64? = try await engine.write { try $0.integer("PRAGMA synchronous") }
            #expect(level == 2)
            try await engine.close()
        }
    }

    @Test func `one that fails takes back its own work and nothing of the others`() throws {
        let (place, log) = (try Place(), Log())
        place.store([
            log.job("a", Self.insert("a")),
            log.job("b") { connection in
                try Self.insert("b")(connection)
                throw CRMError.refused("b does not want to")
            },
            log.job("c") { connection in
                // A step that is taken back within a job that goes on.
                try? connection.savepoint {
                    try Self.insert("not c")(connection)
                    try Self.insert("a")(connection)
                }
                try Self.insert("c")(connection)
            },
        ])
        let names: [String] = try place.names()
        #expect(names == ["a", "c"])
        #expect(log.all.suffix(3) == ["a: stored", "b: b does not want to", "c: stored"])
    }

    /// SQLite takes the whole transaction back by itself when the disk is full: whatever is done after that in the same breath
    /// would be stored on its own.
    @Test func `when there is no room in the middle of a batch, nobody of it is told that it is stored, and no half of it is`() throws {
        let (place, log) = (try Place(), Log())
        place.store([
            log.job("before", Self.insert("before")),
            log.job("large") { connection in
                let pages: Int64 = try connection.integer("PRAGMA page_count") ?? 0
                try connection.execute("PRAGMA max_page_count = \(pages + 2)")
                // Whoever lets the error go must not go on as if nothing were.
                _ = try? connection.execute("INSERT INTO t (name, bytes) VALUES ('large', zeroblob(1000000))")
                try Self.insert("half")(connection)
            },
            log.job("behind") { connection in
                try connection.execute("PRAGMA max_page_count = 1000000")
                try Self.insert("behind")(connection)
            },
        ])
        #expect(log.all == ["before begins", "large begins", "before: full", "large: full", "behind begins", "behind: stored"])
        let names: [String] = try place.names()
        #expect(names == ["behind"])
    }

    @Test func `those who came first are stored before a batch has become long`() throws {
        let (place, log) = (try Place(), Log())
        place.store(
            (1...4).map { number in
                log.job("\(number)") { connection in
                    usleep(15_000)
                    try Self.insert("\(number)")(connection)
                }
            })
        let all: [String] = log.all
        func spot(_ what: String) throws -> Int { try #require(all.firstIndex(of: what)) }
        #expect(all.count == 8)
        // Two take longer than a batch may: where the machine is slow, one does.
        for number in 1...2 {
            let (stored, later) = (try spot("\(number): stored"), try spot("\(number + 2) begins"))
            #expect(stored < later, "\(all)")
        }
    }

    @Test func `what a transaction sets going is set going by none that was not stored`() async throws {
        guard TemporaryServerDatabase.serverURL == nil else { return }
        let household = try await Household()
        let before: Int = household.effects.count
        await #expect(throws: (any Error).self) {
            try await household.store.write(as: .system("test", rights: .empty)) { tx in
                try tx.connection.execute("CREATE TABLE bulk (bytes BLOB)")
                let pages: Int64 = try tx.connection.integer("PRAGMA page_count") ?? 0
                try tx.connection.execute("PRAGMA max_page_count = \(pages + 1)")
                tx.core.effects.hasJobs = true
                _ = try? tx.connection.execute("INSERT INTO bulk VALUES (zeroblob(1000000))")
            }
        }
        #expect(household.effects.count == before)
        let columns: Set<String> = try await household.engine.read { try $0.columns(of: "bulk") }
        #expect(columns == [])
    }

    // MARK: The line

    /// A queue whose first batch waits until it is let go, so that everybody else comes together.
    private final class HeldQueue: Sendable {
        let queue: WriterQueue<Int>
        let batches: Log
        private let gate: DispatchSemaphore

        init(most: Int = 64) {
            let (batches, gate) = (Log(), DispatchSemaphore(value: 0))
            (self.batches, self.gate) = (batches, gate)
            queue = WriterQueue(label: "test", most: most) { jobs in
                if batches.all.isEmpty { gate.wait() }
                batches.note("\(jobs.count)")
                for job in jobs { _ = job.work(0) }
                for job in jobs { job.finish(nil) }
                return false
            }
        }

        func open() { gate.signal() }

        /// Returns when the first batch is under way.
        func begin() async throws {
            for _ in 0..<2000 where queue.isIdle || queue.waiting > 0 { try await Task.sleep(for: .milliseconds(5)) }
            try #require(!queue.isIdle && queue.waiting == 0)
        }

        /// Returns when so many stand in line.
        func fill(_ count: Int) async throws {
            for _ in 0..<2000 where queue.waiting < count { try await Task.sleep(for: .milliseconds(5)) }
            try #require(queue.waiting == count)
        }
    }

    @Test func `whoever comes while a commit waits for the disk is in the next one`() async throws {
        let gate = HeldQueue()
        let outcomes: [Int] = try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask { try await gate.queue.run { _ in -1 } }
            try await gate.begin()
            for number in 0..<32 { group.addTask { try await gate.queue.run { _ in number } } }
            try await gate.fill(32)
            gate.open()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.sorted() == Array(-1..<32))
        #expect(gate.batches.all == ["1", "32"])
    }

    @Test func `a batch that cannot be stored has failed for all of it, and who failed before hears its own reason`() async throws {
        let queue = WriterQueue<Int>(label: "test", most: 64) { jobs in
            for job in jobs { _ = job.work(0) }
            for job in jobs { job.finish(CRMError(.unavailable, "the disk failed")) }
            return false
        }
        func reason(_ body: @escaping @Sendable (Int) throws -> Void) async -> String? {
            do { try await queue.run(body) } catch { return (error as? CRMError)?.message }
            return nil
        }
        #expect(await reason { _ in } == "the disk failed")
        #expect(await reason { _ in throw CRMError.refused("not that") } == "not that")
    }

    @Test func `a long piece of work with time to spare stands alone, behind those who came later, and is not forgotten`() async throws {
        let gate = HeldQueue(most: 1)
        let order = Log()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await gate.queue.run { _ in order.note("first") } }
            try await gate.begin()
            group.addTask { try await WriterTurn.$haste.withValue(.soon) { try await gate.queue.run { _ in order.note("file") } } }
            try await gate.fill(1)
            for _ in 0..<12 { group.addTask { try await gate.queue.run { _ in order.note("person") } } }
            try await gate.fill(13)
            gate.open()
            try await group.waitForAll()
        }
        let before: Int = order.all.firstIndex(of: "file").map { $0 - 1 } ?? -1
        #expect(before == WriterQueue<Int>.courtesy)
        #expect(order.all.count == 14)
    }

    @Test func `a long piece of work sees whether somebody waits who would rather not, or only those who have time`() async throws {
        let gate = HeldQueue(most: 1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await gate.queue.run { _ in } }
            try await gate.begin()
            group.addTask { try await WriterTurn.$haste.withValue(.whenever) { try await gate.queue.run { _ in } } }
            try await gate.fill(1)
            #expect(!gate.queue.isAwaited(evenWithTime: true))
            group.addTask { try await WriterTurn.$haste.withValue(.soon) { try await gate.queue.run { _ in } } }
            try await gate.fill(2)
            #expect(!gate.queue.isAwaited() && gate.queue.isAwaited(evenWithTime: true))
            group.addTask { try await gate.queue.run { _ in } }
            try await gate.fill(3)
            #expect(gate.queue.isAwaited())
            gate.open()
            try await group.waitForAll()
        }
        #expect(!gate.queue.isAwaited() && gate.queue.waiting == 0)
    }

    @Test func `whoever gives up before its turn has done nothing, and whoever has begun is told how it ended`() async throws {
        let gate = HeldQueue()
        let order = Log()
        let first = Task { try await gate.queue.run { _ in order.note("first") } }
        try await gate.begin()
        let second = Task { try await gate.queue.run { _ in order.note("second") } }
        try await gate.fill(1)
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        first.cancel()
        gate.open()
        try await first.value
        let late = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await gate.queue.run { _ in order.note("late") }
        }
        await #expect(throws: CancellationError.self) { try await late.value }
        #expect(order.all == ["first"])
    }

    // MARK: The log

    @Test func `the log's end is known, what stands behind it can be cut off, and writing it over itself changes nothing`() throws {
        let (place, log) = (try Place(durable: true), Log())
        for number in 0..<20 { place.store([log.job("\(number)", Self.insert("\(number)"))]) }
        let file: String = place.path + "-wal"
        let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        let end = try #require(SQLiteLog.end(place.path))
        #expect(end == Int64(bytes.count))
        try SQLiteLog.settle(place.path)
        try expect(file, bytes)
        try (bytes + Data(repeating: 7, count: 5000)).write(to: URL(fileURLWithPath: file))
        #expect(SQLiteLog.end(place.path) == end)
        try SQLiteLog.cut(place.path, to: end)
        try expect(file, bytes)
    }

    private func expect(_ file: String, _ bytes: Data) throws {
        let now = try Data(contentsOf: URL(fileURLWithPath: file))
        #expect(now == bytes)
    }

    @Test func `the log is moved into the file as it grows, and does not grow without end`() throws {
        let (place, log) = (try Place(durable: true), Log())
        let large = [UInt8](repeating: 1, count: 400_000)
        for number in 0..<60 {
            place.store([log.job("\(number)") { try $0.execute("INSERT INTO t VALUES (?, ?)", [.text("\(number)"), .blob(large)]) }])
        }
        let names: [String] = try place.names()
        #expect(names.count == 60)
        let facts = try FileManager.default.attributesOfItem(atPath: place.path + "-wal")
        let size = try #require(facts[.size] as? Int)
        #expect(size < 18_000_000, "60 texts of 400,000 bytes are 24,000,000")
    }
}
