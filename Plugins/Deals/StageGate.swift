import PluginAPI

/// What a deal must have to come to a stage: the fields that the stage names, and the reason of a loss.
enum StageGate {
    @Sendable static func ask(_ change: inout Change<Deal>, _ transaction: Transaction) throws {
        guard !change.new.isEmpty(Deal.stage), change.isNew || change.changed(Deal.stage) else { return }
        let stage = try transaction.find(change.new[Deal.stage])
        var problems: [Problem] = []
        if let names = stage[Stage.requiredFields] {
            problems += try transaction.emptyFields(of: change.new, among: names).map { field in
                Problem(field: field.name, "is needed to enter \(stage[Stage.name])")
            }
        }
        if try needsReason(change, transaction), !problems.contains(where: { $0.field == Deal.lostReason.name }) {
            problems.append(Problem(Deal.lostReason, "is needed for a lost deal"))
        }
        guard !problems.isEmpty else { return }
        throw CRMError(
            .invalid, "\(stage[Stage.name]) asks for \(problems.count == 1 ? "a field" : "\(problems.count) fields") that the deal lacks",
            hint: "Fill \(problems.count == 1 ? "it" : "them") in together with the stage.", problems: problems)
    }

    /// A deal that is being lost has a reason, as long as there are any to choose from. One that is lost already when it is entered
    /// (out of an older system, mostly) may be without: nobody remembers.
    private static func needsReason(_ change: Change<Deal>, _ transaction: Transaction) throws -> Bool {
        guard let old = change.old, old[Deal.outcome] != .lost, change.new[Deal.outcome] == .lost else { return false }
        guard change.new.isEmpty(Deal.lostReason), transaction.has(LostReason.self) else { return false }
        return try transaction.count(LostReason.self, where: LostReason.active == true) > 0
    }
}
