import PluginAPI

/// What a new deployment begins with.
enum LeadDefaults {
    @Sendable static func insert(_ transaction: Transaction) throws {
        let statuses: [(name: String, color: String)] = [
            ("New", "#2563eb"), ("Contacted", "#0e7490"), ("Qualified", "#7c3aed"), ("Converted", "#15803d"),
        ]
        for (position, status) in statuses.enumerated() {
            try transaction.insert(LeadStatus.self) {
                $0[LeadStatus.name] = status.name
                $0[LeadStatus.color] = status.color
                $0[LeadStatus.position] = position + 1
                $0[LeadStatus.isDefault] = position == 0
                $0[LeadStatus.isFinal] = position == statuses.count - 1
            }
        }
        for name in ["Website", "Referral", "Trade fair", "Cold call", "Campaign", "Partner"] {
            try transaction.insert(LeadSource.self) { $0[LeadSource.name] = name }
        }
        for name in ["Too expensive", "Chose a competitor", "No budget", "No answer", "No need", "Bad timing"] {
            try transaction.insert(LostReason.self) { $0[LostReason.name] = name }
        }
    }
}
