import PluginAPI

/// Sent when a visit has taken place.
let visitDone = Hook<VisitDone>("visit_done")

struct VisitDone: HookPayload {
    var visit: RecordID
    var company: RecordID
}

/// Notes what came of a visit: a button on the page, `POST /api/v1/visits/7/actions/finish`, and `tenon visits finish 7`.
enum FinishVisit: Action {
    typealias Target = Visit

    static let name = "finish"
    static let summary = "Note what came of the visit."
    static let style = ActionStyle.primary
    static let report = Field<String>("report", .multiline)
    static let form = Form<Self>(report)

    static func isAvailable(_ visit: Record<Visit>) -> Bool { visit[Visit.state] == .planned }

    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        var visit = call.record
        visit[Visit.report] = call[report]
        visit[Visit.state] = .done
        try transaction.save(visit)
        try transaction.emit(visitDone, VisitDone(visit: visit.id, company: visit[Visit.company].id))
        call.message = "The visit is done."
    }
}
