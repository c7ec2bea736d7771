import PluginAPI
import Testing

@testable import Kernel

/// Everything that one user can read: each answer by its address. Asked twice, what differs is what somebody else did.
struct Reader: Sendable {
    let host: PublicHost
    let email: String

    struct Seen: Sendable, Equatable {
        var status: Int
        var headers: [String]
        var text: String
    }

    /// One answer, as it is told: an address as in a browser's line.
    func read(_ address: String) async -> Seen {
        let parts = address.split(separator: "?", maxSplits: 1).map(String.init)
        let path = parts[0].split(separator: "/").map { String($0).percentDecoded(plusIsSpace: false) ?? "" }
        var request = PublicHost.request("GET", path, as: email)
        if parts.count == 2 { request.query = FrontRequest.parseQuery(parts[1]) ?? [] }
        return await Reader.seen(host.kernel.front.respond(request))
    }

    func send(_ method: String, _ address: String, _ body: String) async -> Seen {
        let path = address.split(separator: "/").map(String.init)
        var request = PublicHost.request(method, path, as: email)
        request.body = Array(body.utf8)
        return await Reader.seen(host.kernel.front.respond(request))
    }

    private static func seen(_ response: FrontResponse) async -> Seen {
        var bytes: [UInt8] = []
        switch response.body {
        case .bytes, .pieces: bytes = response.body.bytes ?? []
        case .stream(let pieces): for await piece in pieces { bytes += piece }
        }
        let headers = response.headers.map { "\($0.name): \($0.value)" }.sorted()
        return Seen(status: response.status, headers: headers, text: String(decoding: bytes, as: UTF8.self))
    }

    /// Streams never end, and every answer of the log-in is about the one who asks.
    private static let endless: [String] = ["/admin/events", "/api/v1/notifications/events", "/login", "/logout", "/assets"]

    /// All addresses given, and of pages those that they lead to.
    func all(_ addresses: [String], most: Int = 4000) async -> [String: Seen] {
        var seen: [String: Seen] = [:]
        var waiting = addresses
        while let address = waiting.popLast(), seen.count < most {
            guard seen[address] == nil, !Reader.endless.contains(where: address.hasPrefix) else { continue }
            let answer = await read(address)
            seen[address] = answer
            if address.hasPrefix("/admin") { waiting += Reader.links(answer.text).filter { seen[$0] == nil } }
        }
        return seen
    }

    /// The addresses that a page names, wherever it does.
    static func links(_ html: String) -> [String] {
        let starts = ["href=\"", "hx-get=\"", "data-href=\"", "src=\"", "formaction=\""]
        var found: Set<String> = []
        for start in starts {
            for piece in html.split(separator: start, omittingEmptySubsequences: false).dropFirst() {
                let address = piece.prefix { $0 != "\"" && $0 != "#" }.replacing("&amp;", with: "&")
                if address.hasPrefix("/admin") || address.hasPrefix("/api/v1") { found.insert(String(address)) }
            }
        }
        return found.sorted()
    }

    /// Every address to read from that the OpenAPI document names, with these ids, and every question that lists, boards, searches
    /// and metrics take about these words.
    func addresses(ids: [String: [Int64]], words: [String]) async -> [String] {
        let document = (try? JSONValue(parsing: Array(await read("/openapi.json").text.utf8))) ?? .null
        let schema = (try? JSONValue(parsing: Array(await read("/api/v1/schema").text.utf8))) ?? .null
        let metrics = (try? JSONValue(parsing: Array(await read("/api/v1/metrics").text.utf8)))?["data"]?.array?.compactMap { $0["key"]?.text } ?? []
        let dashboards = (try? JSONValue(parsing: Array(await read("/api/v1/dashboards").text.utf8)))?["data"]?.array?.compactMap { $0["name"]?.text } ?? []
        var found: [String] = ["/openapi.json", "/metrics", "/admin"]
        for path in document["paths"]?.members ?? [] where path.value["get"] != nil {
            let entity = path.name.split(separator: "/").dropFirst(2).first.map(String.init) ?? ""
            guard path.name.contains("{") else { found.append(path.name); continue }
            var filled: [String] = (ids[entity] ?? [1, 2, 3]).map { path.name.replacing("{id}", with: String($0)) }
            if path.name.contains("{key}") { filled = filled.flatMap { one in (metrics + ["kernel.name"]).map { one.replacing("{key}", with: $0) } } }
            let names: [String] = (path.value["parameters"]?.array ?? []).first { $0["name"]?.text == "name" }?["schema"]?["enum"]?.array?.compactMap(\.text) ?? []
            filled = filled.flatMap { one in (names + dashboards).map { one.replacing("{name}", with: $0) } }
            filled = filled.flatMap { one in one.contains("{note}") ? (1...12).map { one.replacing("{note}", with: String($0)) } : [one] }
            found += filled
        }
        for entity in schema["entities"]?.array ?? [] {
            found += Reader.questions(entity, words)
        }
        for key in metrics {
            for group in ["", "status", "source", "assigned_to", "stage", "pipeline", "customer", "company", "assigned_to,status"] {
                found.append("/api/v1/metrics/\(key)?period=all&series=6&group=\(group)&by=\(group.isEmpty ? "" : "month")")
            }
        }
        for word in words {
            found += ["/api/v1/search?q=\(word.percentEncoded)&limit=50", "/admin/search?q=\(word.percentEncoded)"]
            for entity in schema["entities"]?.array ?? [] {
                found.append("/api/v1/search?q=\(word.percentEncoded)&entity=\(entity["name"]?.text ?? "")")
                found.append("/admin/lookup/\(entity["path"]?.text ?? "")?q=\(word.percentEncoded)")
            }
        }
        return Array(Set(found)).sorted()
    }

    private static func questions(_ entity: JSONValue, _ words: [String]) -> [String] {
        let path = entity["path"]?.text ?? ""
        let list = "/api/v1/" + path
        var found: [String] = ["\(list)?limit=500&count=true", "\(list)/export?format=json", "\(list)/export?ids=true", "\(list)/cards", "\(list)/duplicates"]
        for board in entity["boards"]?.array ?? [] {
            let name = board["name"]?.text ?? ""
            found += ["\(list)/board?board=\(name)&limit=100", "/admin/\(path)/board?board=\(name)"]
            for row in board["rows"]?.array?.compactMap(\.text) ?? [] { found.append("\(list)/board?board=\(name)&rows=\(row)") }
        }
        // What all share is the same for all: its lists are read, and not asked about each field.
        for field in entity["is_lookup"]?.bool == true ? [] : entity["fields"]?.array ?? [] {
            let name = field["name"]?.text ?? ""
            found += ["\(list)?sort=\(name)&limit=5", "\(list)?sort=-\(name)&limit=5&count=true", "\(list)?\(name).empty=true&count=true"]
            for word in words {
                let word = word.percentEncoded
                found += ["\(list)?\(name)=\(word)&count=true", "\(list)?\(name).contains=\(word)&count=true"]
                if entity["has_board"]?.bool == true { found.append("\(list)/board?limit=1&\(name)=\(word)") }
                guard let target = field["target"]?.text else { continue }
                // Through a reference to what is not one's own.
                for other in ["name", "title", "email"] where target != "user" {
                    let formula = "\(name).\(other) = \"\(word)\"".percentEncoded
                    found += ["\(list)?where=\(formula)&count=true", "\(list)?where=\("not (\(name).\(other) = null)".percentEncoded)&count=true"]
                }
            }
        }
        for word in words { found += ["\(list)?q=\(word.percentEncoded)&count=true", "/admin/\(path)?q=\(word.percentEncoded)"] }
        return found
    }
}
