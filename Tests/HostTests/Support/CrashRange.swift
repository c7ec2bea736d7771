import Foundation
import Synchronization

@testable import Kernel

/// A range for blowing up servers: each shot has a server of its own, with people at work on it, and takes down what they
/// experienced.
final class CrashRange: Sendable {
    /// What came of one shot.
    struct Result {
        var name: String
        /// The plugin that the latest report names; nil for none.
        var culprit: String?
        var kind = ""
        var summary = ""
        /// From the first request that was not answered well to the next that was; nil when none was.
        var gap: Duration?
        /// How long the whole server took to start, beside the same load.
        var start: Duration?
        /// What went against the promises.
        var complaints: [String] = []
        var acknowledged = 0
        var unavailable = 0
        var broken = 0
    }

    /// A deployment that is copied for each shot: making one takes longer than blowing it up.
    private let model: TenonProgram
    private let token: String

    init() throws {
        model = try TenonProgram.prepared(["Crasher"])
        let made = try model.run("token", "create", "--user", "admin@example.com", "--name", "range")
        guard made.status == 0 else { throw TenonProgram.Silent(said: made.description) }
        token = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Starts a server, puts people to work, has something go wrong, and looks at what is left.
    func shoot(_ name: String, environment: [String: String] = [:], crashes: Int = 1, _ trigger: (Knock, TenonProgram.Server) throws -> Void) -> Result {
        var result = Result(name: name)
        do {
            let program = try TenonProgram(["Crasher"])
            try FileManager.default.copyItem(at: model.data, to: program.data)
            var all = environment
            all["TENON_CRASHER"] = program.folder.path
            all["TENON_HOOK_LIMIT"] = environment["TENON_HOOK_LIMIT"] ?? "500"
            all["TENON_STRETCH_LIMIT"] = environment["TENON_STRETCH_LIMIT"] ?? "500"
            all["TENON_TURN_LIMIT"] = environment["TENON_TURN_LIMIT"] ?? "2000"
            let began = ContinuousClock.now
            let server = try program.serve(environment: all, errors: program.folder.appendingPathComponent("errors"))
            result.start = ContinuousClock.now - began
            defer {
                server.process.terminate()
                server.process.waitUntilExit()
            }
            let port = Int(server.address.split(separator: ":").last ?? "") ?? 0
            let knock = Knock(port: port, token: token)
            let crowd = Crowd(knock)
            crowd.begin()
            // The first requests are through: from now on something can be lost.
            try Self.wait("work to begin") { crowd.notes.acknowledged.count >= 3 }
            try trigger(knock, server)
            try Self.wait("\(crashes) crashes on record") { Self.records(knock).count >= crashes }
            try Self.wait("the server to answer again") { crowd.isWell }
            crowd.end()
            report(crowd.notes, knock, program, crashes, &result)
        } catch {
            result.complaints.append("\(error)")
        }
        return result
    }

    struct Late: Error, CustomStringConvertible {
        let description: String
    }

    static func wait(_ what: String, seconds: Double = 120, until isTrue: () -> Bool) throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while !isTrue() {
            if ContinuousClock.now > end { throw Late(description: "waited in vain for \(what)") }
            usleep(10_000)
        }
    }

    static func records(_ knock: Knock) -> [JSONValue] {
        guard case .answer(200, _, let body) = knock.ask("GET", "/api/v1/crashes") else { return [] }
        return (try? JSONValue(parsing: Array(body.utf8)))?["data"]?.array ?? []
    }

    private func report(_ notes: Crowd.Notes, _ knock: Knock, _ program: TenonProgram, _ crashes: Int, _ result: inout Result) {
        let records = Self.records(knock)
        result.culprit = records.first?["plugin"]?.text
        result.kind = records.first?["kind"]?.text ?? ""
        result.summary = records.first?["summary"]?.text ?? ""
        result.gap = notes.gaps.max()
        result.acknowledged = notes.acknowledged.count
        result.unavailable = notes.unavailable
        result.broken = notes.broken.values.reduce(0, +)
        if notes.refused > 0 { result.complaints.append("\(notes.refused) connections were refused") }
        if notes.mute > 0 { result.complaints.append("\(notes.mute) answers of 503 without Retry-After") }
        result.complaints += notes.strange
        for (worker, count) in notes.broken where count > crashes { result.complaints.append("\(worker) lost \(count) requests in flight") }

        // What was acknowledged is there, and was delivered.
        var stored: Set<String> = []
        var next: String? = ""
        while let cursor = next {
            let more = cursor.isEmpty ? "" : "&cursor=" + cursor.percentEncoded
            guard case .answer(200, _, let body) = knock.ask("GET", "/api/v1/fuses?limit=200\(more)"), let page = try? JSONValue(parsing: Array(body.utf8))
            else {
                result.complaints.append("the records could not be read")
                return
            }
            for row in page["data"]?.array ?? [] { if let label = row["label"]?.text { stored.insert(label) } }
            next = page["next"]?.text
        }
        let lost = notes.acknowledged.filter { !stored.contains($0) }
        if !lost.isEmpty { result.complaints.append("\(lost.count) acknowledged records are lost") }
        let file = program.folder.appendingPathComponent("deliveries")
        func undelivered() -> [String] {
            let lines = ((try? String(contentsOf: file, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
            return stored.subtracting(lines).sorted()
        }
        if (try? Self.wait("deliveries", seconds: 20, until: { undelivered().isEmpty })) == nil {
            result.complaints.append("never delivered: \(undelivered().prefix(3))")
        }
    }
}

/// People at work: two who store and two who read, each over a new connection every time.
final class Crowd: Sendable {
    struct Notes {
        var acknowledged: [String] = []
        var unavailable = 0
        var refused = 0
        /// 503 without a word about when to try again.
        var mute = 0
        var strange: [String] = []
        /// Requests that were never answered, by who sent them.
        var broken: [String: Int] = [:]
        var gaps: [Duration] = []
        var lastGood: ContinuousClock.Instant?
        var badSince: ContinuousClock.Instant?
        var ended = 0
    }

    private let knock: Knock
    private let state = Mutex(Notes())
    private let isOver = Atomic<Bool>(false)

    init(_ knock: Knock) { self.knock = knock }

    var notes: Notes { state.withLock { $0 } }
    /// Whether the last answer was a good one.
    var isWell: Bool { state.withLock { $0.badSince == nil } }

    func begin() {
        for number in 0..<2 {
            Thread.detachNewThread { [self] in
                var count = 0
                while !isOver.load(ordering: .relaxed) {
                    count += 1
                    let label = "w\(number)-\(count)"
                    note("writer \(number)", knock.ask("POST", "/api/v1/fuses", #"{"label": "\#(label)"}"#), good: 201) { $0.acknowledged.append(label) }
                    usleep(5000)
                }
                state.withLock { $0.ended += 1 }
            }
            Thread.detachNewThread { [self] in
                let path = number == 0 ? "/readyz" : "/api/v1/fuses?limit=1"
                while !isOver.load(ordering: .relaxed) {
                    note("reader \(number)", knock.ask("GET", path), good: 200) { notes in
                        if let bad = notes.badSince { notes.gaps.append(ContinuousClock.now - bad) }
                        notes.badSince = nil
                    }
                    usleep(5000)
                }
                state.withLock { $0.ended += 1 }
            }
        }
    }

    /// Has everyone finish what they do.
    func end() {
        isOver.store(true, ordering: .relaxed)
        while state.withLock({ $0.ended }) < 4 { usleep(5000) }
    }

    private func note(_ who: String, _ outcome: Knock.Outcome, good: Int, _ isGood: (inout Notes) -> Void) {
        state.withLock { notes in
            switch outcome {
            case .answer(good, _, _): return isGood(&notes)
            case .answer(503, let head, _):
                notes.unavailable += 1
                if !head.contains("retry-after:") { notes.mute += 1 }
            case .answer(let status, _, let body): notes.strange.append("\(who) was answered \(status): \(body.prefix(200))")
            case .refused: notes.refused += 1
            case .broken: notes.broken[who, default: 0] += 1
            }
            notes.badSince = notes.badSince ?? ContinuousClock.now
        }
    }
}
