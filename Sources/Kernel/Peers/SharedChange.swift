import PluginAPI

/// What transactions changed, as far as other servers of the same database must follow it.
struct SharedChange: Sendable, Equatable {
    enum Flag: String, Sendable, CaseIterable {
        /// Events wait for their listeners, runs of jobs for their turn, formula fields to be worked out.
        case deliveries, jobs, formulas
        case settings
        /// Plugins were switched, or custom fields changed.
        case composition
        /// Nobody knows what: all that is kept in memory is to be read anew.
        case everything
    }

    /// Records by entity; no ids where there are many.
    var touched: [String: [Int64]] = [:]
    /// New notices to users.
    var notices: [Int64] = []
    /// Users who have read theirs.
    var readers: [Int64] = []
    /// The fingerprints of sessions and tokens that open nothing any more.
    var secrets: [String] = []
    /// Users all of whose sessions ended.
    var loggedOut: [Int64] = []
    /// Runs of jobs that are asked to end.
    var cancelled: [Int64] = []
    /// Imports that are asked to end.
    var stopped: [Int64] = []
    var flags: Set<Flag> = []

    /// More records of an entity are told without their ids: pages fetch what they show anyway.
    static let mostIDs = 50

    var isEmpty: Bool { self == SharedChange() }

    init() {}
    init(_ flags: Flag...) { self.flags = Set(flags) }

    init(_ effects: CommitEffects) {
        var seen: Set<CommitEffects.Touch> = []
        for touch in effects.touched where seen.insert(touch).inserted { touched[touch.entity, default: []].append(touch.id) }
        for (entity, ids) in touched where ids.count > SharedChange.mostIDs { touched[entity] = [] }
        notices = effects.notices.map(\.id)
        if effects.hasDeliveries { flags.insert(.deliveries) }
        if effects.hasJobs { flags.insert(.jobs) }
        if effects.hasFormulaWork { flags.insert(.formulas) }
    }

    /// Both together.
    mutating func add(_ other: SharedChange) {
        for (entity, ids) in other.touched {
            let known: [Int64]? = touched[entity]
            let all: [Int64] = (known ?? []) + ids
            touched[entity] = ids.isEmpty || known?.isEmpty == true || all.count > SharedChange.mostIDs ? [] : all
        }
        notices += other.notices
        readers += other.readers
        secrets += other.secrets
        loggedOut += other.loggedOut
        cancelled += other.cancelled
        stopped += other.stopped
        flags.formUnion(other.flags)
    }

    var changesRights: Bool { flags.contains(.everything) || RightsLoader.entities.contains { touched[$0] != nil } }
    var changesWebhooks: Bool {
        flags.contains(.everything) || touched["webhook"] != nil || touched["webhook_delivery"] != nil
    }
    func has(_ flag: Flag) -> Bool { flags.contains(flag) || flags.contains(.everything) }

    // MARK: As it is stored

    var stored: String {
        String(
            decoding: JSONWriter.object { json in
                if !touched.isEmpty {
                    json.key("touched")
                    json.beginObject()
                    for (entity, ids) in touched.sorted(by: { $0.key < $1.key }) { SharedChange.write(entity, ids, &json) }
                    json.endObject()
                }
                for (name, numbers) in [("notices", notices), ("readers", readers), ("logged_out", loggedOut), ("cancelled", cancelled), ("stopped", stopped)]
                where !numbers.isEmpty { SharedChange.write(name, numbers, &json) }
                if !secrets.isEmpty { json.field("secrets", secrets) }
                if !flags.isEmpty { json.field("flags", flags.map(\.rawValue).sorted()) }
            }, as: UTF8.self)
    }

    private static func write(_ name: String, _ numbers: [Int64], _ json: inout JSONWriter) {
        json.key(name)
        json.beginArray()
        for number in numbers { json.integer(number) }
        json.endArray()
    }

    init(stored: String) throws {
        let json = try JSONValue(parsing: Array(stored.utf8))
        func numbers(_ value: JSONValue?) -> [Int64] { (value?.array ?? []).compactMap(\.int) }
        func texts(_ name: String) -> [String] { (json[name]?.array ?? []).compactMap(\.text) }
        for member in json["touched"]?.members ?? [] { touched[member.name] = numbers(member.value) }
        notices = numbers(json["notices"])
        readers = numbers(json["readers"])
        loggedOut = numbers(json["logged_out"])
        cancelled = numbers(json["cancelled"])
        stopped = numbers(json["stopped"])
        secrets = texts("secrets")
        // A newer server may know more flags: what it means by them is nothing that this one keeps.
        flags = Set(texts("flags").compactMap(Flag.init))
    }
}
