import Foundation
import PluginAPI
import Synchronization

@testable import Kernel

#if canImport(Glibc)
import Glibc
#endif

/// Who works through a proxy: scripts that store one thing after the other, somebody with a browser, and pages that wait for news.
final class ProxyCrowd: Sendable {
    struct Notes {
        /// Pieces that were acknowledged as made and as done, by their ids, with what they are called.
        var made: [Int64: String] = [:]
        var done: Set<Int64> = []
        /// Answers after which one tries again.
        var retriable = 0
        /// Answers that tell nothing about whether it was stored.
        var uncertain = 0
        /// Connections that ended without any answer.
        var silences = 0
        /// What may have been stored, and was not sent again.
        var unknown: Set<String> = []
        /// Pages that the browser was shown, by the server that showed them.
        var pages: [String: Int] = [:]
        /// The server that each open page is connected to, and how often each was told of a change.
        var listening: [Int: String] = [:]
        var news: [Int: Int] = [:]
        /// What nobody may experience.
        var complaints: [String] = []
    }

    private let proxy: BalancingProxy
    private let token: String
    private let notes = Mutex(Notes())
    private let isEnding = Atomic<Bool>(false)
    private let running = DispatchGroup()

    init(_ proxy: BalancingProxy, token: String) {
        self.proxy = proxy
        self.token = token
    }

    var seen: Notes { notes.withLock { $0 } }

    /// Opens so many pages that wait for news.
    func listen(_ count: Int) { for number in 0..<count { begin { self.follow(number) } } }

    /// Has so many scripts and one browser work; every other script has keys.
    func work(scripts: Int) {
        for number in 0..<scripts { begin { self.store(number, hasKeys: number.isMultiple(of: 2)) } }
        begin { self.browse() }
    }

    /// Has everyone finish what they do.
    func end() {
        isEnding.store(true, ordering: .relaxed)
        running.wait()
    }

    private func begin(_ body: @escaping @Sendable () -> Void) {
        running.enter()
        Thread.detachNewThread { [running] in
            body()
            running.leave()
        }
    }

    private var goesOn: Bool { !isEnding.load(ordering: .relaxed) }
    private func complain(_ text: String) { notes.withLock { $0.complaints.append(text) } }

    // MARK: Scripts

    /// Those with a key send again what they have no answer to. Those without never do: nothing of theirs is there twice unless
    /// somebody between sent it again.
    private func store(_ script: Int, hasKeys: Bool) {
        var number = 0
        while goesOn {
            number += 1
            let label = "piece \(script).\(number)"
            let key: String? = hasKeys ? label : nil
            guard let id = settle("POST", "/api/v1/pieces", "{\"label\": \"\(label)\"}", label, key, expecting: 201)?["id"]?.int else { continue }
            let earlier: String? = notes.withLock { notes in
                defer { notes.made[id] = label }
                return notes.made[id]
            }
            if let earlier { complain("\(label) is told to be \(id), and so was \(earlier)") }
            guard settle("PATCH", "/api/v1/pieces/\(id)", #"{"state": "done"}"#, "", key, expecting: 200) != nil else { continue }
            notes.withLock { _ = $0.done.insert(id) }
        }
    }

    /// Asks until there is an answer, always with the same key; without one, until it may have been stored.
    private func settle(_ method: String, _ path: String, _ body: String, _ label: String, _ key: String?, expecting: Int) -> JSONValue? {
        let end = ContinuousClock.now + .seconds(180)
        while ContinuousClock.now < end {
            var mayBeStored = false
            switch proxy.knock(token).ask(method, path, body, headers: key.map { ["idempotency-key": $0] } ?? [:]) {
            case .answer(expecting, _, let text): return try? JSONValue(parsing: Array(text.utf8))
            case .answer(let status, let head, let text):
                guard note(status, head, text) else {
                    complain("\(method) \(path): \(status) \(text)")
                    return nil
                }
                mayBeStored = ProxyCrowd.tellsNothing(status, text)
            case .broken:
                notes.withLock { $0.silences += 1 }
                mayBeStored = true
            case .refused: complain("\(method) \(path): the proxy took no connection")
            }
            if key == nil, mayBeStored {
                if !label.isEmpty { notes.withLock { _ = $0.unknown.insert(label) } }
                return nil
            }
            usleep(50_000)
        }
        complain("\(method) \(path) was never taken")
        return nil
    }

    /// Whether an answer is one after which a client tries again.
    private func note(_ status: Int, _ head: String, _ text: String) -> Bool {
        if ProxyCrowd.tellsNothing(status, text) {
            notes.withLock { $0.uncertain += 1 }
            return true
        }
        guard status == 503, head.contains("retry-after") else { return false }
        notes.withLock { $0.retriable += 1 }
        return true
    }

    /// The line to the server broke, or the server's to the database.
    private static func tellsNothing(_ status: Int, _ text: String) -> Bool {
        status == 502 || (status == 503 && text.contains("may have stored it"))
    }

    // MARK: Somebody with a browser

    /// Logs in once and looks at pages from then on.
    private func browse() {
        let form = "email=admin%40example.com&password=a+long+walk+by+the+sea"
        var knock: Knock = proxy.knock()
        knock.keepsCase = true
        guard case .answer(303, let head, _) = knock.ask("POST", "/login", form, accept: "text/html", type: "application/x-www-form-urlencoded"),
            let line = head.split(separator: "\r\n").first(where: { $0.lowercased().hasPrefix("set-cookie: tenon_session=") })
        else { return complain("nobody could log in") }
        let cookie = String(line.dropFirst("set-cookie: ".count).prefix { $0 != ";" })
        while goesOn {
            switch proxy.knock().ask("GET", "/admin/profile", accept: "text/html", headers: ["cookie": cookie]) {
            case .answer(200, let head, let text) where text.contains("admin@example.com"):
                let server: String = ProxyCrowd.server(head)
                notes.withLock { $0.pages[server, default: 0] += 1 }
            case .answer(let status, let head, let text):
                if !note(status, head, text) { complain("the browser: \(status) \(head) \(text.prefix(300))") }
            case .broken: notes.withLock { $0.silences += 1 }
            case .refused: complain("the browser: the proxy took no connection")
            }
            usleep(20_000)
        }
    }

    private static func server(_ head: String) -> String {
        head.split(separator: "\r\n").first { $0.hasPrefix("x-server: ") }.map { String($0.dropFirst(10)) } ?? "?"
    }

    // MARK: Open pages

    /// As a page does: connects again when the stream ends.
    private func follow(_ number: Int) {
        while goesOn {
            var head = ""
            proxy.knock(token, seconds: 1).follow("/api/v1/notifications/events") { text in
                if head.contains("\r\n\r\n") {
                    let news: Int = text.components(separatedBy: "event: changed\n").count - 1
                    if news > 0 { notes.withLock { $0.news[number, default: 0] += news } }
                    return goesOn
                }
                head += text.lowercased()
                if head.contains("\r\n\r\n"), head.hasPrefix("http/1.1 200") { notes.withLock { $0.listening[number] = ProxyCrowd.server(head) } }
                return goesOn && (!head.contains("\r\n\r\n") || head.hasPrefix("http/1.1 200"))
            }
            notes.withLock { $0.listening[number] = nil }
            usleep(50_000)
        }
    }
}
