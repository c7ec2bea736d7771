import FoundationEssentials
import PluginAPI

extension PluginManifest {
    /// What a plugin asks for beyond its own records: declared in `plugin.json`, approved by an administrator, enforced where
    /// the plugin asks the kernel for it.
    struct Capabilities: Sendable, Equatable {
        /// Other plugins' entities that it reads.
        var reads: [String] = []
        /// Other plugins' entities that it makes, changes or deletes records of.
        var writes: [String] = []
        /// Where it sends requests: `api.example.com`, or `*.example.com` for all below it.
        var hosts: [String] = []
        var mail = false
        var files = false
        /// Why it acts with every right now and then; nil when it never does.
        var elevated: String?

        var isEmpty: Bool { self == Capabilities() }

        /// One line each, as people approve them.
        var lines: [String] {
            var lines: [String] = reads.map { "reads " + $0 } + writes.map { "writes " + $0 } + hosts.map { "connects to " + $0 }
            if mail { lines.append("sends mail") }
            if files { lines.append("reads and writes files") }
            if let elevated { lines.append("acts with every right: " + elevated) }
            return lines
        }

        /// What is asked for here and was not approved there. Another reason for every right is a new question.
        func growth(over approved: Capabilities) -> Capabilities {
            var more = Capabilities()
            more.reads = reads.filter { !approved.reads.contains($0) && !approved.writes.contains($0) }
            more.writes = writes.filter { !approved.writes.contains($0) }
            more.hosts = hosts.filter { !approved.hosts.contains($0) }
            more.mail = mail && !approved.mail
            more.files = files && !approved.files
            more.elevated = elevated == approved.elevated ? nil : elevated
            return more
        }
    }
}

extension PluginManifest.Capabilities {
    /// As it stands in `plugin.json`; what is not asked for is left out.
    var json: JSONValue {
        var members: [JSONValue.Member] = []
        func add(_ name: String, _ names: [String]) {
            if !names.isEmpty { members.append(.init(name: name, value: .array(names.map(JSONValue.string)))) }
        }
        add("reads", reads)
        add("writes", writes)
        add("hosts", hosts)
        if mail { members.append(.init(name: "mail", value: .boolean(true))) }
        if files { members.append(.init(name: "files", value: .boolean(true))) }
        if let elevated { members.append(.init(name: "elevated", value: .string(elevated))) }
        return .object(members)
    }

    init?(stored text: String) {
        guard let json = try? JSONValue(parsing: Array(text.utf8)) else { return nil }
        self.init(stored: json)
    }

    /// Reads what ``json`` wrote. Anything else in it counts as not approved.
    init(stored json: JSONValue) {
        func names(_ key: String) -> [String] { (json[key]?.array ?? []).compactMap(\.text) }
        reads = names("reads")
        writes = names("writes")
        hosts = names("hosts")
        mail = json["mail"]?.bool ?? false
        files = json["files"]?.bool ?? false
        elevated = json["elevated"]?.text
    }
}
