import PluginAPI
import Testing

@testable import Kernel

@Suite struct DealPlacementTests {
    @Test func `what happens to a deal is told on its customer's timeline`() async throws {
        let host = try await SalesHost()
        let made = try await host.write { transaction -> (customer: RecordID, deal: RecordID) in
            let customer = try transaction.add("customer", ["name": .text("Ada Falk")])
            let deal = try transaction.add("deal", ["title": .text("Pilot"), "customer": .link(customer)])
            try transaction.change("deal", deal.id, ["stage": transaction.link("stage", "Won")])
            return (customer.id, deal.id)
        }
        let told = try await host.read { transaction in
            try transaction.timeline(transaction.registry.require("customer"), made.customer).map { "\($0.entity.name) \($0.action)" }
        }
        #expect(told == ["deal updated", "deal created", "customer created"])
    }

    @Test func `a deal has all the fields that are asked for; its title is required, and pipeline and stage are filled in`() async throws {
        let host = try await SalesHost()
        let deal = try host.store.registry.require("deal")
        let wanted = [
            "title", "description", "value", "expected_close_date", "probability", "pipeline", "stage", "company", "customer", "assigned_to",
            "lost_reason", "actual_close_date", "source_lead",
        ]
        #expect(wanted.allSatisfy { deal.field($0) != nil }, "\(wanted.filter { deal.field($0) == nil })")
        #expect(deal.fields.filter(\.description.mustBeGiven).map(\.name) == ["title", "outcome"], "whoever makes a deal gives its title; the outcome follows")
        #expect(deal.fields.filter(\.description.isRequired).map(\.name).sorted() == ["outcome", "pipeline", "stage", "title"])
        #expect(try await host.refusal { try $0.add("deal", ["value": .euro(1)]) }.problems.map(\.field) == ["title"])
        try await host.write { transaction in
            let lead = try transaction.add("lead", ["title": .text("Pilot")])
            let company = try transaction.add("company", ["name": .text("Halderwick")])
            let customer = try transaction.add("customer", ["name": .text("Ada")])
            let whole: [String: Value] = [
                "title": .text("Rollout"), "description": .text("All of it"), "value": .euro(9000), "expected_close_date": .day("2026-12-24"),
                "probability": .integer(35), "company": .link(company), "customer": .link(customer), "source_lead": .link(lead),
                "assigned_to": .integer(try host.user(.salesAgent)),
            ]
            let stored = try transaction.get("deal", transaction.add("deal", whole).id)
            for (name, value) in whole { #expect(stored[name] == value, "\(name)") }
        }
    }

    @Test func `a new deal begins at the default stage of the default pipeline, with its probability`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            let deal = try transaction.add("deal", ["title": .text("Rollout")])
            #expect(deal["pipeline"] == (try transaction.link("pipeline", "Sales")))
            #expect(deal["stage"] == (try transaction.link("stage", "Prospecting")))
            #expect(deal["probability"] == .integer(10))
            #expect(deal["outcome"] == .text("open"))
            #expect(deal["actual_close_date"] == .null)
        }
    }

    @Test func `a stage alone tells the pipeline, too`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            let renewals = try addRenewals(transaction)
            let deal = try transaction.add("deal", ["title": .text("R"), "stage": transaction.link("stage", "In talks")])
            #expect(deal["pipeline"] == .link(renewals))
        }
    }

    @Test func `without a default stage a deal begins at the first`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            let pipeline = try transaction.add("pipeline", ["name": .text("Tenders")])
            try transaction.add("stage", ["pipeline": .link(pipeline), "name": .text("B"), "position": .integer(2)])
            let first = try transaction.add("stage", ["pipeline": .link(pipeline), "name": .text("A"), "position": .integer(1)])
            #expect(try transaction.add("deal", ["title": .text("T"), "pipeline": .link(pipeline)])["stage"] == .link(first))
        }
    }

    @Test func `a pipeline without stages takes no deals`() async throws {
        let host = try await SalesHost()
        let refusal = try await host.refusal { transaction in
            let pipeline = try transaction.add("pipeline", ["name": .text("Empty")])
            try transaction.add("deal", ["title": .text("T"), "pipeline": .link(pipeline)])
        }
        #expect(refusal.problems.map(\.field) == ["pipeline"])
    }

    @Test func `a stage of another pipeline is refused`() async throws {
        let host = try await SalesHost()
        let deal = try await host.write { transaction in
            try addRenewals(transaction)
            return try transaction.add("deal", ["title": .text("Rollout")]).id
        }
        let moved = try await host.refusal { try $0.change("deal", deal, ["stage": $0.link("stage", "In talks")]) }
        #expect(moved.problems == [Problem(field: "stage", "In talks is a stage of another pipeline")])
        let made = try await host.refusal {
            try $0.add(
                "deal", ["title": .text("X"), "pipeline": $0.link("pipeline", "Sales"), "stage": $0.link("stage", "In talks")])
        }
        #expect(made.problems.map(\.field) == ["stage"])
    }

    @Test(arguments: [("Proposal", "PROPOSAL"), ("Won", "Renewed"), ("Lost", "Ended"), ("Negotiation", "Upcoming")])
    func `a deal that changes its pipeline goes to the stage that means the same`(from: String, to: String) async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            let renewals = try addRenewals(transaction)
            try transaction.add("stage", ["pipeline": .link(renewals), "name": .text("PROPOSAL"), "position": .integer(9)])
            let deal = try transaction.add("deal", ["title": .text("Rollout"), "stage": transaction.link("stage", from)])
            let moved = try transaction.change("deal", deal.id, ["pipeline": .link(renewals)])
            #expect(moved["stage"] == (try transaction.link("stage", to)))
        }
    }
}

@Suite struct DealOutcomeTests {
    @Test func `won sets today as the day of closing, moving back clears it`() async throws {
        let host = try await SalesHost()
        let deal = try await host.write { try $0.add("deal", ["title": .text("Rollout")]) }
        host.clock.advance(days: 3)
        try await host.write { transaction in
            let won = try transaction.change("deal", deal.id, ["stage": transaction.link("stage", "Won")])
            #expect(won["actual_close_date"] == .day(transaction.today))
            #expect(won["outcome"] == .text("won"))
            #expect(won["probability"] == .integer(100))
            let back = try transaction.change("deal", deal.id, ["stage": transaction.link("stage", "Proposal")])
            #expect(back["actual_close_date"] == .null)
            #expect(back["outcome"] == .text("open"))
            #expect(back["probability"] == .integer(50))
        }
    }

    @Test func `a day of closing that is given stays`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            let deal = try transaction.add("deal", ["title": .text("Rollout")])
            let won = try transaction.change(
                "deal", deal.id, ["stage": transaction.link("stage", "Won"), "actual_close_date": .day("2026-03-31")])
            #expect(won["actual_close_date"] == .day("2026-03-31"))
        }
    }

    @Test func `a lost reason goes with the loss`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            let deal = try transaction.add("deal", ["title": .text("Rollout")])
            let lost = try transaction.change(
                "deal", deal.id,
                ["stage": transaction.link("stage", "Lost"), "lost_reason": transaction.link("lost_reason", "No budget")])
            #expect(lost["outcome"] == .text("lost"))
            #expect(lost["lost_reason"] != .null)
            let back = try transaction.change("deal", deal.id, ["stage": transaction.link("stage", "Engaging")])
            #expect(back["lost_reason"] == .null)
        }
        let refusal = try await host.refusal {
            try $0.add("deal", ["title": .text("Open"), "lost_reason": try $0.link("lost_reason", "No budget")])
        }
        #expect(refusal.problems.map(\.field) == ["lost_reason"])
    }

    @Test func `a file brings deals with stages and days of closing as they are`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            let won = try transaction.add(
                "deal",
                ["title": .text("1"), "stage": transaction.link("stage", "Won"), "actual_close_date": .day("2017-03-01"), "value": .euro(1054)])
            #expect(won["actual_close_date"] == .day("2017-03-01"))
            #expect(won["outcome"] == .text("won"))
            let lost = try transaction.add(
                "deal", ["title": .text("2"), "stage": transaction.link("stage", "Lost"), "actual_close_date": .day("2017-04-01"), "value": .euro(0)])
            #expect(lost["outcome"] == .text("lost"))
            #expect(lost["lost_reason"] == .null)
        }
    }

    @Test func `an open deal has no day of closing`() async throws {
        let host = try await SalesHost()
        let refusal = try await host.refusal { try $0.add("deal", ["title": .text("X"), "actual_close_date": .day("2026-03-31")]) }
        #expect(refusal.problems.map(\.field) == ["actual_close_date"])
    }

    @Test func `a probability of one's own stays until the stage changes`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            let deal = try transaction.add("deal", ["title": .text("X"), "probability": .integer(42)])
            #expect(deal["probability"] == .integer(42))
            #expect(try transaction.change("deal", deal.id, ["title": .text("Y")])["probability"] == .integer(42))
            let moved = try transaction.change("deal", deal.id, ["stage": transaction.link("stage", "Engaging")])
            #expect(moved["probability"] == .integer(30))
        }
        let refusal = try await host.refusal { try $0.add("deal", ["title": .text("Z"), "probability": .integer(101)]) }
        #expect(refusal.problems.map(\.field) == ["probability"])
    }

    @Test func `every move is told, and the ends by their names`() async throws {
        let host = try await SalesHost()
        let (deal, stages) = try await host.write { transaction in
            let stages = try ["Prospecting", "Proposal", "Won", "Lost"].map { try transaction.named("stage", $0) }
            let deal = try transaction.add("deal", ["title": .text("X")])
            for stage in stages.dropFirst() {
                let reason: Value = stage == stages.last ? try transaction.link("lost_reason", "No budget") : .null
                try transaction.change("deal", deal.id, ["stage": .integer(stage.raw), "lost_reason": reason])
            }
            return (deal.id, stages)
        }
        #expect(
            host.events.take() == [
                "deal \(deal) from \(stages[0]) to \(stages[1])", "deal \(deal) from \(stages[1]) to \(stages[2])",
                "deal \(deal) won at \(stages[2])", "deal \(deal) from \(stages[2]) to \(stages[3])", "deal \(deal) lost at \(stages[3])",
            ])
        let born = try await host.write { try $0.add("deal", ["title": .text("Born won"), "stage": $0.link("stage", "Won")]).id }
        #expect(host.events.take() == ["deal \(born) won at \(stages[2])"])
    }

    @Test func `what was won counts by the day of closing`() async throws {
        let host = try await SalesHost()
        let figures = try await host.write { transaction in
            let won = try transaction.link("stage", "Won")
            for (value, day) in [(100, "2026-01-10"), (300, "2026-02-10")] as [(Int64, String)] {
                try transaction.add(
                    "deal", ["title": .text(day), "stage": won, "value": .euro(value), "actual_close_date": .day(day)])
            }
            try transaction.add("deal", ["title": .text("Open"), "value": .euro(7)])
            return try ["deals.won", "deals.won_value", "deals.average_won", "deals.pipeline_value", "deals.open"].map { key in
                let metric = try #require(transaction.registry.metrics.first { $0.body.key == key }).body
                let entity = try transaction.registry.require("deal")
                return try transaction.aggregate(entity, metric.measure, where: metric.filter).map { "\($0.count) \($0.sum)" }
            }
        }
        #expect(figures == [["2 0"], ["2 40000"], ["2 40000"], ["1 700"], ["1 0"]])
    }
}

/// A second pipeline.
@discardableResult
func addRenewals(_ transaction: StoreTransaction) throws -> RecordData {
    let pipeline = try transaction.add("pipeline", ["name": .text("Renewals"), "position": .integer(2)])
    let stages: [(String, String?)] = [("Upcoming", "is_default"), ("In talks", nil), ("Renewed", "is_won"), ("Ended", "is_lost")]
    for (place, stage) in stages.enumerated() {
        var values: [String: Value] = ["pipeline": .link(pipeline), "name": .text(stage.0), "position": .integer(Int64(place) + 1)]
        if let flag = stage.1 { values[flag] = .boolean(true) }
        try transaction.add("stage", values)
    }
    return pipeline
}
