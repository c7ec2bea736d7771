import PluginAPI

/// Companies may belong to each other, but never in a circle.
enum CompanyTree {
    @Sendable static func ownParent(_ company: Record<Company>) -> [Problem] {
        guard let parent = company[Company.parent], company.id != .none, parent.id == company.id else { return [] }
        return [Problem(Company.parent, "a company cannot be its own parent")]
    }

    @Sendable static func refuseCircle(_ change: Change<Company>, _ transaction: Transaction) throws {
        guard !change.isNew, change.changed(Company.parent) else { return }
        let everyone = transaction.elevated(for: "A circle may close over companies that the user does not see.")
        var above = change.new[Company.parent]
        while let next = above {
            if next.id == change.new.id {
                let problem = Problem(Company.parent, "the parent belongs to this company already")
                throw CRMError(.invalid, "companies would belong to each other in a circle", problems: [problem])
            }
            above = try everyone.find(next)[Company.parent]
        }
    }
}
