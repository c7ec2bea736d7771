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
