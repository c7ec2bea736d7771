import PluginAPI

/// Where a card stands in its column: a smaller rank is higher. New cards come on top.
enum BoardRank {
    /// The room between two neighbours that were ranked apart.
    static let gap: Int64 = 1 << 20

    /// The rank of a record made at a moment: above all that were made before.
    static func top(at moment: Moment) -> Int64 { -moment.milliseconds * 1024 }
}
