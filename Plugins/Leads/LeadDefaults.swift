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

    /// The statuses that a deployment began with, as far as they still have their names.
    @Sendable static func markQualified(_ transaction: Transaction) throws {
        for name in ["Qualified", "Converted"] {
            guard var status = try transaction.first(LeadStatus.self, where: LeadStatus.name == name) else { continue }
            status[LeadStatus.isQualified] = true
            try transaction.save(status)
        }
    }

    /// Rules to begin with: they show how conditions are written, and count once somebody switches them on.
    @Sendable static func insertExamples(_ transaction: Transaction) throws {
        for (place, example) in ScoreExample.all.enumerated() {
            guard try transaction.count(LeadScoreRule.self, where: LeadScoreRule.name == example.name) == 0 else { continue }
            try transaction.insert(LeadScoreRule.self) {
                $0[LeadScoreRule.name] = example.name
                $0[LeadScoreRule.condition] = example.condition
                $0[LeadScoreRule.points] = example.points
                $0[LeadScoreRule.pointsFormula] = example.formula
                $0[LeadScoreRule.halfLife] = example.halfLife
                $0[LeadScoreRule.active] = false
                $0[LeadScoreRule.position] = place + 1
            }
        }
    }
}

/// A rule for scores, one for each thing that is worth counting.
struct ScoreExample {
    var name: String
    var condition: String?
    var points = 0
    var formula: String?
    var halfLife: Int?

    static let all: [ScoreExample] = [
        ScoreExample(name: "Recommended to us", condition: "source.name in (\"Referral\", \"Partner\")", points: 20),
        ScoreExample(name: "Worth much", condition: "value >= 10000", points: 20),
        ScoreExample(name: "Large company", condition: "company_size >= 200", points: 15),
        ScoreExample(name: "May decide", condition: "function in (\"Management\", \"Purchasing\")", points: 15),
        ScoreExample(name: "An industry of ours", condition: "industry in (\"Printing\", \"Furniture\")", points: 10),
        ScoreExample(name: "Our area", condition: "area = \"North\"", points: 5),
        ScoreExample(name: "Something happens", formula: "min(activities * 5, 25)", halfLife: 14),
        ScoreExample(name: "Grown old", condition: "created_at < today() - 180", points: -15),
    ]
}
