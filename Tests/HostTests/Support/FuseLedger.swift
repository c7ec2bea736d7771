import Foundation
import Synchronization

@testable import Kernel

/// What people were told about the records that they made and changed, and whether that is so.
final class FuseLedger: Sendable {
    /// A record of which somebody knows that it is stored.
    private struct Known {
        /// The text that it was made with, by which its event is known.
        let made: String
        /// The text that was acknowledged last.
        var sure: String
        /// A text that was sent and never answered.
        var maybe: String?
    }

    private struct State {
        var known: [Int64: Known] = [:]
        /// Texts of new records to which there was an answer that said no, and to which there was none at all.
        var refused: Set<String> = []
        var unknown: Set<String> = []
    }

    private let state = Mutex(State())

    var acknowledged: Int { state.withLock { $0.known.count } }
    var unanswered: Int { state.withLock { $0.unknown.count } }

    func made(_ label: String, _ id: Int64) { state.withLock { $0.known[id] = Known(made: label, sure: label) } }
    func refused(_ label: String) { _ = state.withLock { $0.refused.insert(label) } }
    func unanswered(_ label: String) { _ = state.withLock { $0.unknown.insert(label) } }
    func changed(_ id: Int64, to label: String) { state.withLock { $0.known[id]?.sure = label } }
    func maybeChanged(_ id: Int64, to label: String) { state.withLock { $0.known[id]?.maybe = label } }

    // MARK: What is there

    private struct Row {
        let label: String
        let version: Int64
    }

    /// Compares with the file, which no server need have opened. Gives what does not agree.
    /// - Parameter strict: whether what was refused must not be there either.
    func complaints(_ program: TenonProgram, strict: Bool = false) throws -> [String] {
        let state = state.withLock { $0 }
        let readers = SQLiteReaders(path: program.data.appendingPathComponent("tenon.sqlite").path)
        defer { readers.close() }
        return try readers.read { connection in
            var complaints: [String] = try connection.all("PRAGMA integrity_check(5)") { $0.text(0) }.filter { $0 != "ok" }
            var rows: [Int64: Row] = [:]
            try connection.query("SELECT id, label, version FROM fuse", []) { row in
                rows[row.integer(0)] = Row(label: row.text(1), version: row.integer(2))
                return true
            }
            for (id, known) in state.known {
                guard let row = rows[id] else {
                    complaints.append("\(known.sure) was acknowledged and is lost")
                    continue
                }
                if row.label != known.sure, row.label != known.maybe { complaints.append("\(known.sure) is there as \(row.label)") }
            }
            if strict {
                let labels = Set(rows.values.map(\.label))
                for label in state.refused where labels.contains(label) { complaints.append("\(label) was refused and is there") }
            }
            complaints += try search(connection, rows)
            complaints += try audit(connection, rows)
            // Read when the view of the database stands: what is delivered meanwhile still waits there.
            let delivered = ((try? String(contentsOf: program.folder.appendingPathComponent("deliveries"), encoding: .utf8)) ?? "")
                .split(separator: "\n").map(String.init)
            complaints += try outbox(connection, rows, delivered)
            return complaints
        }
    }

    private func search(_ connection: any Connection, _ rows: [Int64: Row]) throws -> [String] {
        // The newest are not in the index yet. There each text has a space before it.
        let begin: Int64 = try SQLiteDialect().tail(connection, "fuse").begin()
        var left: [Int64: Row] = rows.filter { $0.key <= begin }
        var complaints: [String] = []
        try connection.query("SELECT rowid, substr(label, 2) FROM tenon_search_fuse", []) { row in
            let id: Int64 = row.integer(0)
            if left.removeValue(forKey: id)?.label != row.text(1) { complaints.append("the search index has \(row.text(1)) for \(id)") }
            return true
        }
        if !left.isEmpty { complaints.append("\(left.count) records cannot be found") }
        for (id, row) in rows.prefix(20) {
            let match: SQLFragment = SQLiteDialect().match(table: "fuse", columns: ["label"], of: ["label"], text: row.label)
            let found = try connection.integer("SELECT count(*) FROM fuse t WHERE t.id = ? AND " + match.sql, [.integer(id)] + match.arguments)
            if found != 1 { complaints.append("\(row.label) is not found by its text") }
        }
        return complaints
    }

    /// One entry for each version of each record, the last with the text that stands there; and none of records that are not.
    private func audit(_ connection: any Connection, _ rows: [Int64: Row]) throws -> [String] {
        var complaints: [String] = []
        var versions: [Int64: Int64] = [:]
        var last: [Int64: String] = [:]
        try connection.query("SELECT record, version, changes FROM tenon_audit WHERE entity = 'fuse' ORDER BY id", []) { row in
            let id: Int64 = row.integer(0)
            if row.integer(1) != versions[id, default: 0] + 1 { complaints.append("the trail of \(id) has version \(row.integer(1)) out of place") }
            versions[id] = row.integer(1)
            last[id] = row.text(2)
            return true
        }
        for (id, row) in rows {
            if versions[id] != row.version { complaints.append("\(row.label) has version \(row.version), its trail \(versions[id] ?? 0)") }
            if last[id]?.contains("\"\(row.label)\"") != true { complaints.append("the trail of \(id) ends with \(last[id] ?? "nothing")") }
        }
        for id in versions.keys where rows[id] == nil { complaints.append("there is a trail of \(id), and no record") }
        return complaints
    }

    /// Each record's event was delivered or waits; none is about a record that is not there.
    private func outbox(_ connection: any Connection, _ rows: [Int64: Row], _ delivered: [String]) throws -> [String] {
        var complaints: [String] = []
        var told = Set(delivered)
        try connection.query("SELECT payload FROM tenon_outbox WHERE hook = 'fuse_made'", []) { row in
            let event: JSONValue? = try? JSONValue(parsing: Array(row.text(0).utf8))
            guard let label = event?["label"]?.text else {
                complaints.append("an event says \(row.text(0))")
                return true
            }
            told.insert(label)
            return true
        }
        // What was made as "a" may be called "a+" by now.
        let made = Set(rows.values.map { String($0.label.prefix { $0 != "+" }) })
        let untold = made.subtracting(told).sorted()
        let unfounded = told.subtracting(made).sorted()
        if !untold.isEmpty { complaints.append("\(untold.count) events are lost, \(untold[0]) the first") }
        if !unfounded.isEmpty { complaints.append("\(unfounded.count) events are about nothing, \(unfounded[0]) the first") }
        return complaints
    }
}

/// Many who write at once, each over a new connection every time: they make records and change every third of them.
final class WriterCrowd: Sendable {
    private struct State {
        var ended = 0
        var answers: [Int: Int] = [:]
        var broken = 0
        var strange: [String] = []
        var mute = 0
    }

    private let ledger: FuseLedger
    private let knock: Knock
    private let name: String
    private let count: Int
    private let isOver = Atomic<Bool>(false)
    private let state = Mutex(State())

    init(_ ledger: FuseLedger, _ knock: Knock, name: String, count: Int = 32) {
        self.ledger = ledger
        self.knock = knock
        self.name = name
        self.count = count
    }

    /// How many answers of each status there were.
    var answers: [Int: Int] { state.withLock { $0.answers } }
    /// Answers that nobody expects, and 503 without a word about when to try again.
    var strange: [String] { state.withLock { $0.strange } }

    func begin() {
        for number in 0..<count {
            Thread.detachNewThread { [self] in
                var turn = 0
                while !isOver.load(ordering: .relaxed) {
                    turn += 1
                    write("\(name)c\(number)n\(turn)", alsoChanges: turn % 3 == 0)
                }
                state.withLock { $0.ended += 1 }
            }
        }
    }

    /// Has everyone finish what they do.
    func end() {
        isOver.store(true, ordering: .relaxed)
        while state.withLock({ $0.ended }) < count { usleep(2000) }
    }

    private func write(_ label: String, alsoChanges: Bool) {
        switch ask("POST", "/api/v1/fuses", label) {
        case .answer(201, _, let body):
            guard let id = (try? JSONValue(parsing: Array(body.utf8)))?["id"]?.int else { return note("201 with \(body)") }
            ledger.made(label, id)
            guard alsoChanges else { return }
            let next = label + "+"
            switch ask("PATCH", "/api/v1/fuses/\(id)", next) {
            case .answer(200, _, _): ledger.changed(id, to: next)
            // It says no, but the connection may have ended between that and the record.
            case .answer(503, _, _), .refused: break
            case .answer(let status, _, let body): note("a change was answered \(status): \(body.prefix(200))")
            case .broken: ledger.maybeChanged(id, to: next)
            }
        case .answer(503, _, _):
            ledger.refused(label)
            usleep(5000)
        case .refused: usleep(5000)
        case .answer(let status, _, let body): note("\(status): \(body.prefix(200))")
        case .broken: ledger.unanswered(label)
        }
    }

    private func ask(_ method: String, _ path: String, _ label: String) -> Knock.Outcome {
        let outcome = knock.ask(method, path, #"{"label": "\#(label)"}"#)
        if case .answer(let status, let head, _) = outcome {
            state.withLock { $0.answers[status, default: 0] += 1 }
            if status == 503, !head.contains("retry-after:") { note("503 without Retry-After") }
        }
        return outcome
    }

    private func note(_ text: String) { state.withLock { $0.strange.append(text) } }
}

/// Numbers by chance that can be had again.
struct SeededNumbers: RandomNumberGenerator {
    private(set) var state: UInt64

    /// `TENON_CRASH_SEED`, or another seed every time.
    static func chosen() -> (numbers: SeededNumbers, seed: UInt64) {
        let seed = ProcessInfo.processInfo.environment["TENON_CRASH_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1 << 32)
        return (SeededNumbers(state: seed), seed)
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
