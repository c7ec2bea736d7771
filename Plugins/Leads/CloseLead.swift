import PluginAPI

/// Closes a lead that will not buy, with the reason.
enum MarkLost: Action {
    typealias Target = Lead
    static let name = "mark-lost"
    static let summary = "Closes the lead as lost, with the reason. Reopen undoes it."
    static let reason = Field<Reference<LostReason>>("lost_reason", .label("Reason"))
    static let form = Form<Self>(reason)

    static func isAvailable(_ lead: Record<Lead>) -> Bool { lead[Lead.outcome] == .open }

    /// Before anybody looks for a reason in an empty list.
    static func suggest(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws { try requireReasons(transaction) }

    static func complete(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        if call.isEmpty(reason) { try requireReasons(transaction) }
    }

    private static func requireReasons(_ transaction: Transaction) throws {
        let all = transaction.elevated(for: "Whether there is any reason to choose is no secret.")
        guard try all.count(LostReason.self, where: LostReason.active == true, atMost: 1) == 0 else { return }
        throw CRMError.refused(
            "there is no active lost reason to choose",
            hint: "Add one, or switch one on, under Settings, Lost reasons, or with `tenon lost-reasons add --name \"No budget\"`.")
    }

    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        var lead = try transaction.find(Lead.self, call.record.id)
        lead[Lead.outcome] = .lost
        lead[Lead.lostReason] = call[reason]
        try transaction.save(lead)
        call.message = "The lead is lost."
    }
}

/// Takes a lead that never was one out of the way.
enum MarkJunk: Action {
    typealias Target = Lead
    static let name = "mark-junk"
    static let summary = "Takes the lead out of the board and the numbers. Reopen undoes it."

    static func isAvailable(_ lead: Record<Lead>) -> Bool { [.open, .lost].contains(lead[Lead.outcome]) }

    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        var lead = try transaction.find(Lead.self, call.record.id)
        lead[Lead.outcome] = .junk
        lead[Lead.lostReason] = nil
        try transaction.save(lead)
        call.message = "The lead is junk."
    }
}

/// Opens a lead that was closed too early.
enum Reopen: Action {
    typealias Target = Lead
    static let name = "reopen"
    static let summary = "Opens a lost or junk lead again."

    static func isAvailable(_ lead: Record<Lead>) -> Bool { [.lost, .junk].contains(lead[Lead.outcome]) }

    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        var lead = try transaction.find(Lead.self, call.record.id)
        lead[Lead.outcome] = .open
        lead[Lead.lostReason] = nil
        try transaction.save(lead)
        call.message = "The lead is open again."
    }
}
