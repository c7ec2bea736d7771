import PluginAPI
import Testing

@testable import Kernel

/// Compares times, so it runs by itself: tools/test starts it when nothing else is running.
@Suite(.serialized) struct BoardTimeTests {
    /// The cards of a hundred thousand hauls, most of them closed: what is read of them are the first of each column and the figures.
    @Test func `the first look at a board with 100,000 cards takes no more than twice that with 1,000`() async throws {
        var best: [Int: [String: Double]] = [:]
        for size in [1000, 100_000] {
            let docks = try await Docks()
            let (lane, other, harbor) = (docks.lanes[0].raw, docks.lanes[1].raw, docks.harbors[0].raw)
            try await docks.household.engine.write { connection in
                try connection.execute(
                    """
                    WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < \(size))
                    INSERT INTO haul (version, created_at, created_by, updated_at, updated_by, rank, title, harbor, lane, state, price, price_currency, due, assigned_to)
                    SELECT 1, i, 1, i, 1, -i * 1048576, 'haul ' || i, \(harbor), CASE i % 2 WHEN 0 THEN \(lane) ELSE \(other) END,
                        CASE WHEN i % 10 < 3 THEN 'open' ELSE 'closed' END, i % 5000, 'EUR',
                        '2026-0' || (3 + i % 180 / 30) || CASE WHEN i % 28 < 9 THEN '-0' ELSE '-' END || (1 + i % 28), 1 + i % 4 FROM n
                    """)
            }
            try await docks.haul("the change after which figures are kept")
            for user in [Household.boss, Household.anna, Household.ben] {
                for board in ["board", "open", "calendar"] {
                    let entity = docks.entity
                    let look: @Sendable (StoreTransaction) throws -> Int = { tx in
                        try tx.columns(try tx.board(board, of: entity), limit: 25).reduce(0) { $0 + $1.cards.count }
                    }
                    #expect(try await docks.read(as: user, look) >= 25)
                    var least = Double.infinity
                    for _ in 0..<12 {
                        let clock = ContinuousClock()
                        let start = clock.now
                        _ = try await docks.read(as: user, look)
                        let taken = clock.now - start
                        least = min(least, Double(taken.components.attoseconds) / 1e15 + Double(taken.components.seconds) * 1000)
                    }
                    best[size, default: [:]]["\(board) as \(user)"] = least
                }
            }
        }
        for (what, large) in (best[100_000] ?? [:]).sorted(by: { $0.key < $1.key }) {
            let small: Double = best[1000]?[what] ?? 0
            print("first look at \(what): \(small) ms with 1,000, \(large) ms with 100,000")
            #expect(large <= 2 * small + 0.5, "\(what): \(small) ms, then \(large) ms")
        }
    }
}
