import PluginAPI

/// What a change of plugins will do, said before it does it. Carrying it out takes its digest, so that what was shown is what
/// is done.
struct PluginPlan: Sendable, Codable {
    enum Action: String, Sendable, Codable {
        case enable, disable, upgrade, uninstall
    }

    /// Something with the count of records that it holds.
    struct Holding: Sendable, Codable, Equatable {
        /// `table`, `column`, `field`, `index`, `reference`, `rights`, `webhook`, …
        var kind: String
        var name: String
        var rows: Int
        /// What it is made of: the roles with their rights, the hooks of a webhook.
        var details: [String]?
    }

    /// What happens to one plugin.
    struct Step: Sendable, Codable {
        var id: String
        var name: String
        var version = ""
        /// The version that is replaced.
        var from: String?
        var checksum = ""
        // In the database.
        var tables: [String] = []
        var columns: [String] = []
        var indexes: [String] = []
        var migrations: [String] = []
        /// Rights that default roles gain.
        var rights: [String] = []
        /// What is deleted for good.
        var drops: [Holding] = []
        /// What stays, unseen.
        var keeps: [Holding] = []
        // In the product, by kind: actions, hooks, jobs and so on.
        var adds: [String: [String]] = [:]
        var removes: [String: [String]] = [:]
        /// Fields that administrators made on its entities.
        var customFields: [String] = []
        /// What it asks for, and what of that nobody has approved yet.
        var asks: [String] = []
        var approvals: [String] = []
        var notes: [String] = []
        /// Whether data is lost.
        var destroys = false

        enum CodingKeys: String, CodingKey {
            case id, name, version, from, checksum, tables, columns, indexes, migrations, rights, drops, keeps, adds, removes
            case customFields = "custom_fields"
            case asks, approvals, notes, destroys
        }

        init(id: String, name: String) {
            self.id = id
            self.name = name
        }
    }

    var action: Action
    /// What was asked for.
    var ids: [String]
    /// What of that is done already.
    var standing: [String] = []
    /// What is left, in order.
    var steps: [Step] = []
    var digest = ""

    init(_ action: Action, _ ids: [String]) {
        self.action = action
        self.ids = ids
    }

    /// The same with its digest: over all that it says but the counts of records, which change while people read.
    func sealed() throws -> PluginPlan {
        var bare: PluginPlan = self
        bare.digest = ""
        for place in bare.steps.indices {
            for drop in bare.steps[place].drops.indices { bare.steps[place].drops[drop].rows = 0 }
            for keep in bare.steps[place].keeps.indices { bare.steps[place].keeps[keep].rows = 0 }
        }
        var sealed: PluginPlan = self
        sealed.digest = Checksum.sha256(try PayloadCoding.encode(bare))
        return sealed
    }

    var json: [UInt8] { get throws { try PayloadCoding.encode(self) } }
}

extension PluginOutline {
    /// What people see of it, by kind; routes and functions included, tables not.
    var kinds: [String: [String]] {
        let all: [(String, [String])] = [
            ("entities", tables.map(\.name)), ("hooks", hooks), ("listens", listens), ("actions", actions), ("extensions", extensions),
            ("jobs", jobs), ("settings", settings), ("metrics", metrics), ("routes", routes), ("functions", functions),
        ]
        return Dictionary(uniqueKeysWithValues: all.filter { !$0.1.isEmpty })
    }

    /// What is here and not there.
    func kinds(beyond other: PluginOutline) -> [String: [String]] {
        let others: [String: [String]] = other.kinds
        return kinds.compactMapValues { _ in nil }.merging(
            kinds.map { kind, names in (kind, names.filter { !(others[kind] ?? []).contains($0) }) }.filter { !$0.1.isEmpty }
        ) { $1 }
    }
}
