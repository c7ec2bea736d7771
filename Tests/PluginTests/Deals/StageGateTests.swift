import PluginAPI
import Testing

@testable import Kernel

@Suite struct StageGateTests {
    /// Asks for fields at a stage of the default pipeline.
    private func ask(_ host: SalesHost, for names: String, at stage: String = "Proposal") async throws {
        try await host.write { try $0.change("stage", $0.named("stage", stage), ["required_fields": .text(names)]) }
    }

    @Test func `a deal comes to a stage only with the fields that the stage needs, and each that is missing is named`() async throws {
        let host = try await SalesHost()
        try await ask(host, for: "value,expected_close_date,description")
        let deal = try await host.write { try $0.add("deal", ["title": .text("X"), "description": .text("all there")]).id }
        let refusal = try await host.refusal { try $0.change("deal", deal, ["stage": $0.link("stage", "Proposal")]) }
        #expect(refusal.code == .invalid)
        #expect(refusal.problems.map(\.field) == ["value", "expected_close_date"])
        #expect(refusal.problems.first?.message == "is needed to enter Proposal")
        try await host.write {
            try $0.change("deal", deal, ["stage": $0.link("stage", "Proposal"), "value": .euro(5), "expected_close_date": .day("2026-12-31")])
        }
        // Who is in may lose a field again; only coming in is looked at.
        try await host.write { try $0.change("deal", deal, ["value": .null]) }
    }

    @Test func `a deal that is made in a stage, or comes there with another pipeline, needs its fields as well`() async throws {
        let host = try await SalesHost()
        try await ask(host, for: "value")
        let made = try await host.refusal { try $0.add("deal", ["title": .text("X"), "stage": $0.link("stage", "Proposal")]) }
        #expect(made.problems.map(\.field) == ["value"])
        let deal = try await host.write { transaction in
            let renewals = try addRenewals(transaction)
            let stage = try transaction.named("stage", "Upcoming")
            try transaction.change("stage", stage, ["required_fields": .text("customer")])
            return (try transaction.add("deal", ["title": .text("Y")]).id, renewals.id)
        }
        let moved = try await host.refusal { try $0.change("deal", deal.0, ["pipeline": .integer(deal.1.raw)]) }
        #expect(moved.problems.map(\.field) == ["customer"])
    }

    @Test func `a stage names fields that deals have and people fill in, and forgets those of plugins that are off`() async throws {
        let host = try await SalesHost()
        for names in ["colour", "outcome", "expected_revenue", "value,created_at"] {
            let refusal = try await host.refusal { try $0.change("stage", $0.named("stage", "Proposal"), ["required_fields": .text(names)]) }
            #expect(refusal.problems.map(\.field) == ["required_fields"], "\(names)")
        }
        let without = try await SalesHost(["customers", "deals"])
        let deal = try await without.write { transaction in
            try transaction.change("stage", transaction.named("stage", "Proposal"), ["required_fields": .text("company")])
            // As it was stored while Leads was on.
            try transaction.connection.execute("UPDATE stage SET required_fields = 'lost_reason,source_lead,gone' WHERE name = 'Proposal'")
            return try transaction.add("deal", ["title": .text("X")]).id
        }
        try await without.write { try $0.change("deal", deal, ["stage": $0.link("stage", "Proposal")]) }
    }

    @Test func `a deal is won and lost from its page, as it is on the board: with the day, the reason and the fields of the stage`() async throws {
        let host = try await SalesHost()
        let (first, second) = try await host.write(as: .salesAgent) { transaction in
            (try transaction.add("deal", ["title": .text("A")]).id, try transaction.add("deal", ["title": .text("B")]).id)
        }
        try await host.write(as: .salesAgent) { transaction in
            #expect(try transaction.act("deal", first, "mark-won").message == "The deal is won.")
            let won = try transaction.get("deal", first)
            #expect(won["outcome"] == .text("won") && won["probability"] == .integer(100))
            #expect(won["actual_close_date"] == .day(SalesHost.start.day))
        }
        #expect(host.events.take().contains { $0.contains("won") })
        #expect(try await host.refusal(as: .salesAgent) { try $0.act("deal", first, "mark-lost") }.code == .refused, "it is closed")
        #expect(try await host.refusal(as: .salesAgent) { try $0.act("deal", second, "mark-lost") }.problems.map(\.field) == ["lost_reason"])
        try await host.write(as: .salesAgent) { transaction in
            try transaction.act("deal", second, "mark-lost", ["lost_reason": transaction.link("lost_reason", "No budget")])
            #expect(try transaction.get("deal", second)["outcome"] == .text("lost"))
        }
        let other = try await host.write { transaction in
            try transaction.change("stage", transaction.named("stage", "Won"), ["required_fields": .text("value")])
            return try transaction.add("deal", ["title": .text("C")]).id
        }
        #expect(try await host.refusal { try $0.act("deal", other, "mark-won") }.problems.map(\.field) == ["value"])
        #expect(try await host.refusal(as: .salesAgent) { try $0.act("deal", other, "mark-won") }.code == .notFound, "a colleague's")
        // A pipeline may have no such stage.
        try await host.write { try $0.change("deal", first, ["stage": $0.link("stage", "Proposal")]) }
        try await host.write { try $0.change("stage", $0.named("stage", "Won"), ["is_won": .boolean(false)]) }
        #expect(try await host.refusal { try $0.act("deal", other, "mark-won") }.message == "the deal's pipeline has no won stage")
        let without = try await SalesHost(["customers", "deals"])
        try await without.write { transaction in
            let deal = try transaction.add("deal", ["title": .text("D")]).id
            try transaction.act("deal", deal, "mark-lost")
            #expect(try transaction.get("deal", deal)["outcome"] == .text("lost"))
        }
    }

    @Test func `losing a deal asks for a reason, by field, as long as there are reasons`() async throws {
        let host = try await SalesHost()
        let deal = try await host.write { try $0.add("deal", ["title": .text("X")]).id }
        let refusal = try await host.refusal { try $0.change("deal", deal, ["stage": $0.link("stage", "Lost")]) }
        #expect(refusal.code == .invalid)
        #expect(refusal.problems == [Problem(field: "lost_reason", "is needed for a lost deal")])
        let lost = try await host.write {
            try $0.change("deal", deal, ["stage": $0.link("stage", "Lost"), "lost_reason": $0.link("lost_reason", "No budget")])
        }
        #expect(lost["actual_close_date"] == .day(SalesHost.start.day))
        #expect(lost["outcome"] == .text("lost"))
        // Moving back clears both.
        let back = try await host.write { try $0.change("deal", deal, ["stage": $0.link("stage", "Proposal")]) }
        #expect(back["actual_close_date"] == .null)
        #expect(back["lost_reason"] == .null)
        try await host.write { transaction in
            for reason in try transaction.all("lost_reason", where: .everything, sort: [], limit: 50) {
                try transaction.change("lost_reason", reason.id, ["active": .boolean(false)])
            }
            try transaction.change("deal", deal, ["stage": transaction.link("stage", "Lost")])
        }
    }

    @Test func `a reason that is not active is not chosen any more, and stays where it is`() async throws {
        let host = try await SalesHost()
        let deals = try await host.write { transaction -> [RecordID] in
            let lost = try transaction.add("deal", ["title": .text("Old")]).id
            try transaction.change("deal", lost, ["stage": transaction.link("stage", "Lost"), "lost_reason": transaction.link("lost_reason", "No budget")])
            try transaction.change("lost_reason", transaction.named("lost_reason", "No budget"), ["active": .boolean(false)])
            return [lost, try transaction.add("deal", ["title": .text("New")]).id]
        }
        let refusal = try await host.refusal {
            try $0.change("deal", deals[1], ["stage": $0.link("stage", "Lost"), "lost_reason": $0.link("lost_reason", "No budget")])
        }
        #expect(refusal.problems.map(\.field) == ["lost_reason"])
        try await host.write { try $0.change("deal", deals[0], ["description": .text("years ago")]) }
        #expect(try await host.read { try $0.get("deal", deals[0])["lost_reason"].isEmpty } == false)
    }

    @Test func `an open deal stays open when its pipeline changes, whatever stages are called there`() async throws {
        let host = try await SalesHost()
        let deal = try await host.write { transaction -> RecordID in
            let other = try transaction.add("pipeline", ["name": .text("Tenders")])
            try transaction.add("stage", ["pipeline": .link(other), "name": .text("Prospecting"), "is_won": .boolean(true), "position": .integer(1)])
            try transaction.add("stage", ["pipeline": .link(other), "name": .text("Asked"), "position": .integer(2)])
            let deal = try transaction.add("deal", ["title": .text("X")]).id
            try transaction.change("deal", deal, ["pipeline": .link(other)])
            return deal
        }
        let moved = try await host.read { transaction in
            let record = try transaction.get("deal", deal)
            guard case .integer(let stage) = record["stage"] else { return "" }
            return "\(record["outcome"].text) \(try transaction.get("stage", RecordID(stage))["name"].text)"
        }
        #expect(moved == "open Asked")
    }

    @Test func `without Leads there are no reasons, and a deal is lost without one`() async throws {
        let host = try await SalesHost(["customers", "deals"])
        let lost = try await host.write { transaction in
            let deal = try transaction.add("deal", ["title": .text("X")]).id
            return try transaction.change("deal", deal, ["stage": transaction.link("stage", "Lost")])
        }
        #expect(lost["outcome"] == .text("lost"))
    }

    @Test func `a card is dropped on the lost column with the reason at once, or not at all`() async throws {
        let host = try await SalesHost()
        let deal = try await host.write { try $0.add("deal", ["title": .text("X")]).id }
        let refusal = try await host.refusal { transaction in
            let board = try transaction.board(of: transaction.registry.require("deal"))
            _ = try transaction.move(deal, on: board, to: transaction.link("stage", "Lost"), below: nil)
        }
        #expect(refusal.problems.map(\.field) == ["lost_reason"])
        let moved = try await host.write { transaction in
            let board = try transaction.board(of: transaction.registry.require("deal"))
            let reason = try #require(board.entity.field("lost_reason"))
            return try transaction.move(
                deal, on: board, to: transaction.link("stage", "Lost"), below: nil, with: [(reason, transaction.link("lost_reason", "No budget"))])
        }
        #expect(moved["outcome"] == .text("lost"))
    }

    @Test func `a card cannot be dragged to a stage of another pipeline`() async throws {
        let host = try await SalesHost()
        let deal = try await host.write { transaction in
            try addRenewals(transaction)
            return try transaction.add("deal", ["title": .text("X")]).id
        }
        let refusal = try await host.refusal { transaction in
            let board = try transaction.board(of: transaction.registry.require("deal"))
            _ = try transaction.move(deal, on: board, to: transaction.link("stage", "In talks"), below: nil)
        }
        #expect(refusal.problems == [Problem(field: "stage", "In talks is a stage of another pipeline")])
    }
}
