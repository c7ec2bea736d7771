import PluginAPI
import Testing

@testable import Kernel

@Suite struct PipelineTests {
    private func names(_ host: SalesHost, _ entity: String, with flag: String) async throws -> [Value] {
        try await host.read { transaction in
            try transaction.all(entity, where: .compare(flag, .equal, .value(.boolean(true))), sort: [], limit: 10).map { $0["name"] }
        }
    }

    @Test func `making a pipeline the default clears the other`() async throws {
        let host = try await SalesHost()
        try await host.write { try $0.change("pipeline", addRenewals($0).id, ["is_default": .boolean(true)]) }
        #expect(try await names(host, "pipeline", with: "is_default") == [.text("Renewals")])
    }

    @Test func `the default pipeline is neither deleted nor switched off`() async throws {
        let host = try await SalesHost()
        let deleted = try await host.refusal { try $0.delete("pipeline", $0.named("pipeline", "Sales")) }
        #expect(deleted.message == "the default pipeline cannot be deleted")
        let inactive = try await host.refusal {
            try $0.change("pipeline", $0.named("pipeline", "Sales"), ["active": .boolean(false)])
        }
        #expect(inactive.problems.map(\.field) == ["active"])
    }

    @Test func `a pipeline with stages cannot be deleted`() async throws {
        let host = try await SalesHost()
        let renewals = try await host.write { try addRenewals($0).id }
        let refusal = try await host.refusal { try $0.delete("pipeline", renewals) }
        #expect(refusal.message == "the pipeline is still used by 4 stages")
    }

    @Test func `a pipeline has one default stage: setting one clears the other, and other pipelines keep theirs`() async throws {
        let host = try await SalesHost()
        try await host.write { transaction in
            try addRenewals(transaction)
            try transaction.change("stage", transaction.named("stage", "Proposal"), ["is_default": .boolean(true)])
        }
        #expect(try await names(host, "stage", with: "is_default") == [.text("Proposal"), .text("Upcoming")])
    }

    @Test(arguments: ["is_won", "is_lost"])
    func `a pipeline has one won and one lost stage`(flag: String) async throws {
        let host = try await SalesHost()
        let refusal = try await host.refusal {
            try $0.add("stage", ["pipeline": $0.link("pipeline", "Sales"), "name": .text("Other"), flag: .boolean(true)])
        }
        #expect(refusal.problems.map(\.field) == [flag])
    }

    @Test func `a stage is not won and lost at once, and names are unique in a pipeline`() async throws {
        let host = try await SalesHost()
        let both = try await host.refusal { transaction in
            let pipeline = try transaction.add("pipeline", ["name": .text("Tenders")])
            try transaction.add(
                "stage", ["pipeline": .link(pipeline), "name": .text("X"), "is_won": .boolean(true), "is_lost": .boolean(true)])
        }
        #expect(both.problems.map(\.field) == ["is_lost"])
        let twice = try await host.refusal {
            try $0.add("stage", ["pipeline": $0.link("pipeline", "Sales"), "name": .text("proposal")])
        }
        #expect(twice.problems.map(\.field) == ["name"])
    }

    @Test func `the default stage is deleted last, a stage with deals not at all`() async throws {
        let host = try await SalesHost()
        let standard = try await host.refusal { try $0.delete("stage", $0.named("stage", "Prospecting")) }
        #expect(standard.message == "the default stage cannot be deleted while the pipeline has 5 others")
        #expect(standard.links.map(\.target) == [.list(entity: "stage", field: "pipeline", id: try await host.read { try $0.named("pipeline", "Sales") })])
        try await host.write { try $0.add("deal", ["title": .text("X"), "stage": $0.link("stage", "Proposal")]) }
        let used = try await host.refusal { try $0.delete("stage", $0.named("stage", "Proposal")) }
        #expect(used.message == "the stage is still used by 1 deal")
        try await host.write { transaction in
            let pipeline = try transaction.add("pipeline", ["name": .text("Tenders")])
            let only = try transaction.add(
                "stage", ["pipeline": .link(pipeline), "name": .text("Only"), "is_default": .boolean(true)])
            try transaction.delete("stage", only.id)
        }
    }

    @Test func `a pipeline with deals cannot be deleted either, and the refusal leads to both`() async throws {
        let host = try await SalesHost()
        let renewals = try await host.write { transaction in
            let renewals = try addRenewals(transaction)
            for title in ["A", "B"] { try transaction.add("deal", ["title": .text(title), "pipeline": .link(renewals)]) }
            return renewals.id
        }
        let refusal = try await host.refusal { try $0.delete("pipeline", renewals) }
        #expect(refusal.message == "the pipeline is still used by 2 deals and 4 stages")
        #expect(
            refusal.links.map(\.target) == [
                .list(entity: "deal", field: "pipeline", id: renewals), .list(entity: "stage", field: "pipeline", id: renewals),
            ])
    }

    @Test(arguments: ["stage", "pipeline"])
    func `two who make their own the default at once leave one default`(entity: String) async throws {
        let host = try await SalesHost()
        let ids = try await host.write { transaction in
            if entity == "pipeline" { return try ["A", "B"].map { try transaction.add("pipeline", ["name": .text($0)]).id } }
            return try ["Engaging", "Proposal"].map { try transaction.named("stage", $0) }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for id in ids { group.addTask { _ = try await host.write { try $0.change(entity, id, ["is_default": .boolean(true)]) } } }
            try await group.waitForAll()
        }
        let defaults = try await host.read { try $0.count(entity, where: .compare("is_default", .equal, .value(.boolean(true)))) }
        #expect(defaults == 1)
    }

    @Test(arguments: ["is_won", "is_lost"])
    func `two who make their own the won or lost stage at once: one is told that there is one`(flag: String) async throws {
        let host = try await SalesHost()
        let ids = try await host.write { transaction in
            try transaction.change("stage", transaction.named("stage", "Won"), ["is_won": .boolean(false)])
            try transaction.change("stage", transaction.named("stage", "Lost"), ["is_lost": .boolean(false)])
            return try ["Engaging", "Proposal"].map { try transaction.named("stage", $0) }
        }
        let told = try await withThrowingTaskGroup(of: String?.self) { group in
            for id in ids {
                group.addTask {
                    do {
                        try await host.write { try $0.change("stage", id, [flag: .boolean(true)]) }
                        return nil
                    } catch let error as CRMError { return error.problems.first?.field }
                }
            }
            return try await group.reduce(into: [String]()) { if let field = $1 { $0.append(field) } }
        }
        #expect(told == [flag])
        #expect(try await names(host, "stage", with: flag).count == 1)
    }

    @Test func `a pipeline that is deleted while a deal is made in it goes, or stays with the deal`() async throws {
        let host = try await SalesHost()
        let pipeline = try await host.write { transaction in
            let pipeline = try addRenewals(transaction)
            for stage in try transaction.all("stage", where: .compare("pipeline", .equal, .value(.link(pipeline))), sort: [], limit: 9) where stage["is_default"] != .boolean(true) {
                try transaction.delete("stage", stage.id)
            }
            return pipeline.id
        }
        let (deleted, made) = try await withThrowingTaskGroup(of: (Bool, Bool).self) { group in
            group.addTask {
                do {
                    try await host.write { transaction in
                        let stage = try transaction.named("stage", "Upcoming")
                        try transaction.delete("stage", stage)
                        try transaction.delete("pipeline", pipeline)
                    }
                    return (true, false)
                } catch is CRMError { return (false, false) }
            }
            group.addTask {
                do {
                    try await host.write { try $0.add("deal", ["title": .text("X"), "pipeline": .integer(pipeline.raw)]) }
                    return (false, true)
                } catch is CRMError { return (false, false) }
            }
            return try await group.reduce((false, false)) { ($0.0 || $1.0, $0.1 || $1.1) }
        }
        #expect(deleted != made)
        let left = try await host.read { try $0.count("deal", where: .compare("pipeline", .equal, .value(.integer(pipeline.raw)))) }
        #expect(left == (made ? 1 : 0))
    }

    @Test func `a stage with deals keeps what they rely on`() async throws {
        let host = try await SalesHost()
        let won = try await host.write { transaction in
            try transaction.add("deal", ["title": .text("X"), "stage": transaction.link("stage", "Won")])
            return try transaction.named("stage", "Won")
        }
        let refusal = try await host.refusal { try $0.change("stage", won, ["is_won": .boolean(false)]) }
        #expect(refusal.links.map(\.target) == [.list(entity: "deal", field: "stage", id: won)])
        #expect(refusal.message == "one deal relies on the stage's pipeline and on its being won, lost or open")
        try await host.write { try $0.change("stage", won, ["name": .text("Signed")]) }
    }

    @Test func `the board of a pipeline has its stages in order, with counts and sums`() async throws {
        let host = try await SalesHost()
        let columns = try await host.write { transaction in
            try addRenewals(transaction)
            try transaction.add("deal", ["title": .text("A"), "value": .euro(5)])
            try transaction.add("deal", ["title": .text("B"), "value": .euro(7)])
            try transaction.add("deal", ["title": .text("C"), "stage": transaction.link("stage", "In talks")])
            let sales = try transaction.named("pipeline", "Sales")
            let columns = try transaction.boardColumns(
                transaction.registry.require("deal"), filter: .everything, within: sales.raw, limit: 1)
            return columns.map { "\($0.title) \($0.count) \($0.sums.map(\.sum)) \($0.cards.count)" }
        }
        #expect(
            columns == [
                "Prospecting 2 [1200] 1", "Engaging 0 [] 0", "Proposal 0 [] 0", "Negotiation 0 [] 0", "Won 0 [] 0", "Lost 0 [] 0",
            ])
    }
}

@Suite struct PipelineFieldsTests {
    @Test func `a pipeline has a name of its own, a description, an order, and may be switched off`() async throws {
        let host = try await SalesHost()
        let made = try await host.write {
            try $0.add("pipeline", ["name": .text("Tenders"), "description": .text("Public ones"), "position": .integer(7), "active": .boolean(false)])
        }
        #expect(made["is_default"] == .boolean(false))
        let twice = try await host.refusal { try $0.add("pipeline", ["name": .text("tenders")]) }
        #expect(twice.problems.map(\.field) == ["name"])
        // A deal without a pipeline goes to the default one, however they stand in order.
        let deal = try await host.write { try $0.add("deal", ["title": .text("X")]) }
        #expect(deal["pipeline"] == (try await host.read { try $0.link("pipeline", "Sales") }))
    }

    @Test func `deals stand in a list with their stage, and on cards with value, user, customer and company`() async throws {
        let host = try await SalesHost()
        let entity = try host.store.registry.require("deal")
        #expect(entity.list.columns.prefix(3) == ["title", "value", "stage"])
        #expect(Set(entity.boards[0].card) == ["value", "assigned_to", "customer", "company"])
        #expect(entity.boards.map(\.name) == ["board", "forecast"])
        #expect(entity.boards[0].sums == ["value", "expected_revenue"])
        #expect(try host.store.registry.require("stage").fields.contains { $0.description.format == .color }, "a stage's badge has its colour")
    }

    @Test(arguments: [-1, 101]) func `a stage's and a deal's probability is from 0 to 100`(percent: Int64) async throws {
        let host = try await SalesHost()
        let stage = try await host.refusal { try $0.change("stage", $0.named("stage", "Proposal"), ["probability": .integer(percent)]) }
        #expect(stage.problems.map(\.field) == ["probability"])
        let deal = try await host.refusal { try $0.add("deal", ["title": .text("X"), "probability": .integer(percent)]) }
        #expect(deal.problems.map(\.field) == ["probability"])
        let days = try await host.refusal { try $0.change("pipeline", $0.named("pipeline", "Sales"), ["rotting_days": .integer(0)]) }
        #expect(days.problems.map(\.field) == ["rotting_days"])
    }
}
