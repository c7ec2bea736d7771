import PluginAPI

/// A record as a place in timelines.
struct TimelinePlace {
    let entity: EntityModel
    let id: Int64
    /// Whether it was merged into the record whose timeline is asked for: then it is that record.
    var isMerged = false
}

extension StoreTransaction {
    /// So many records may go along in one timeline: enough for every history that people make.
    private static let mostPlaces = 50

    func continueTimeline(from source: (entity: String, id: RecordID), to follower: (entity: String, id: RecordID)) throws {
        // Who sees what of it is decided whenever somebody looks.
        let (from, to) = (try registry.require(source.entity), try registry.require(follower.entity))
        try continueTimeline(from, source.id, to, follower.id, asOne: false)
    }

    /// Has a record's history be seen in that of another. `asOne` for a record that was merged into the other: its history
    /// and notes are the other's from then on, for everyone who sees that one.
    func continueTimeline(_ from: EntityModel, _ source: RecordID, _ to: EntityModel, _ follower: RecordID, asOne: Bool) throws {
        guard from.name != to.name || source != follower else { return }
        _ = try core.changing("timelines") {
            try connection.execute(
                """
                INSERT INTO tenon_continuation (entity, record, source_entity, source, as_one, at) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """,
                [
                    .text(to.name), .integer(follower.raw), .text(from.name), .integer(source.raw), .integer(asOne ? 1 : 0),
                    .integer(now.milliseconds),
                ])
        }
    }

    /// A record that came back is itself again: one with no other.
    func separate(_ entity: EntityModel, _ id: RecordID) throws {
        _ = try core.changing("timelines") {
            try connection.execute(
                "DELETE FROM tenon_continuation WHERE source_entity = ? AND source = ? AND as_one = 1",
                [.text(entity.name), .integer(id.raw)])
        }
    }

    /// The records whose history is seen in that of a record, over any number of steps, as far as the user may see them. What
    /// is switched off is left out.
    func places(behind entity: EntityModel, _ id: RecordID) throws -> [TimelinePlace] {
        var found: [TimelinePlace] = []
        var known: Set<CommitEffects.Touch> = [.init(entity: entity.name, id: id.raw)]
        var open: [TimelinePlace] = [TimelinePlace(entity: entity, id: id.raw, isMerged: true)]
        while let place = open.popLast(), found.count < Self.mostPlaces {
            for source in try sources(of: place) {
                guard known.insert(.init(entity: source.entity.name, id: source.id)).inserted else { continue }
                if try isOpen(source) { found.append(source) }
                open.append(source)
            }
        }
        return found
    }

    /// The records that were merged into a record.
    func merged(into entity: EntityModel, _ id: RecordID) throws -> [TimelinePlace] {
        try places(behind: entity, id).filter(\.isMerged)
    }

    private func sources(of place: TimelinePlace) throws -> [TimelinePlace] {
        try connection.all(
            "SELECT source_entity, source, as_one FROM tenon_continuation WHERE entity = ? AND record = ? ORDER BY source_entity, source LIMIT ?",
            [.text(place.entity.name), .integer(place.id), .integer(Int64(Self.mostPlaces))]
        ) { row in (row.text(0), row.integer(1), row.integer(2) == 1) }.compactMap { name, id, isOne in
            registry.entity(name).map { TimelinePlace(entity: $0, id: id, isMerged: isOne && place.isMerged) }
        }
    }

    /// Whether the user may see what happened to a record that goes along.
    private func isOpen(_ place: TimelinePlace) throws -> Bool {
        if place.isMerged { return true }
        guard let scope = actor.scope("view", on: place.entity.name) else { return false }
        return try scope == .all || reaches(place.entity, RecordID(place.id))
    }
}
