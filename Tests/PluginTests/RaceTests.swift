import PluginAPI
import Testing

@testable import Kernel

/// What a record is put into may be deleted at the same moment: there is never a record that points at nothing, and whoever comes
/// second is told why.
@Suite("Races of deletions in sales") struct RaceTests {
    /// An entity whose records others are put into.
    struct Case: Sendable, CustomTestStringConvertible {
        var target: String
        var entity: String
        var field: String
        /// What a record of the target needs.
        var values: @Sendable (StoreTransaction) throws -> [String: Value] = { _ in [:] }
        /// What a record that is put into it needs.
        var others: @Sendable (StoreTransaction) throws -> [String: Value] = { _ in [:] }
        var label = "title"
        var testDescription: String { "\(entity).\(field)" }

        func makeTarget(_ transaction: StoreTransaction, _ number: Int) throws -> RecordID {
            try transaction.add(target, try values(transaction).merging(["name": .text("Target \(number)")]) { $1 }).id
        }

        func put(_ transaction: StoreTransaction, into id: RecordID) throws {
            let values: [String: Value] = [label: .text("Late"), field: .integer(id.raw)]
            try transaction.add(entity, try others(transaction).merging(values) { $1 })
        }
    }

    static let cases: [Case] = [
        Case(target: "lead_status", entity: "lead", field: "status"),
        Case(target: "lead_source", entity: "lead", field: "source"),
        Case(target: "stage", entity: "deal", field: "stage", values: { ["pipeline": try $0.link("pipeline", "Sales")] }),
        Case(target: "customer_group", entity: "customer", field: "group", values: { _ in ["priority": .integer(1)] }, label: "name"),
        Case(target: "company", entity: "deal", field: "company"),
        Case(target: "customer", entity: "deal", field: "customer"),
    ]

    private func dangling(_ host: SalesHost, _ one: Case) async throws -> Int64 {
        try await host.store.engine.read {
            try $0.integer(
                """
                SELECT count(*) FROM "\(one.entity)" r LEFT JOIN "\(one.target)" t ON t.id = r."\(one.field)" WHERE r."\(one.field)" IS NOT NULL AND t.id IS NULL
                """) ?? -1
        }
    }

    @Test(arguments: cases)
    func `what is deleted first takes nothing any more, and the answer names the field`(one: Case) async throws {
        let host = try await SalesHost()
        let id = try await host.write { try one.makeTarget($0, 1) }
        try await host.write { try $0.delete(one.target, id) }
        let refusal = try await host.refusal { try one.put($0, into: id) }
        #expect(refusal.code == .invalid || refusal.code == .notFound, "\(refusal)")
        let told = refusal.problems.map { "\($0.field) \($0.message)" }.joined() + refusal.message
        #expect(told.contains("\(id)") && (told.contains("there is no") || told.contains("not there")), "\(refusal)")
        #expect(try await dangling(host, one) == 0)
    }

    @Test(arguments: cases)
    func `what was put into something keeps it from being deleted, and the answer says how many there are`(one: Case) async throws {
        let host = try await SalesHost()
        let id = try await host.write { transaction in
            let id = try one.makeTarget(transaction, 1)
            try one.put(transaction, into: id)
            return id
        }
        let refusal = try await host.refusal { try $0.delete(one.target, id) }
        #expect(refusal.code == .refused)
        #expect(refusal.message.contains("is still used by 1 "), "\(refusal.message)")
        #expect(refusal.links.count == 1)
        #expect(try await dangling(host, one) == 0)
    }

    private enum End: Sendable, Equatable {
        case deleted, put, refusedDeletion, refusedPut
        case unclear(String)
    }

    @Test(arguments: cases)
    func `of a deletion and a record at the same moment one wins, the other is told, and nothing points at nothing`(one: Case) async throws {
        let host = try await SalesHost()
        let ids = try await host.write { transaction in try (0..<12).map { try one.makeTarget(transaction, $0) } }
        let ends = await withTaskGroup(of: (RecordID, End).self) { group in
            for (place, id) in ids.enumerated() {
                let deletion: @Sendable () async -> (RecordID, End) = {
                    do {
                        try await host.write { try $0.delete(one.target, id) }
                        return (id, .deleted)
                    } catch let error as CRMError where error.code == .refused && error.message.contains("is still used by 1 ") {
                        return (id, .refusedDeletion)
                    } catch { return (id, .unclear("\(error)")) }
                }
                let putting: @Sendable () async -> (RecordID, End) = {
                    do {
                        try await host.write { try one.put($0, into: id) }
                        return (id, .put)
                    } catch let error as CRMError where error.code == .invalid || error.code == .notFound {
                        return (id, .refusedPut)
                    } catch { return (id, .unclear("\(error)")) }
                }
                // Either one may be on its way first.
                for step in place % 2 == 0 ? [deletion, putting] : [putting, deletion] { group.addTask { await step() } }
            }
            return await group.reduce(into: [RecordID: Set<String>]()) { $0[$1.0, default: []].insert("\($1.1)") }
        }
        for (id, end) in ends {
            #expect(end == ["deleted", "refusedPut"] || end == ["put", "refusedDeletion"], "\(id): \(end)")
        }
        #expect(ends.count == ids.count)
        #expect(try await dangling(host, one) == 0)
    }
}
