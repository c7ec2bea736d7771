import Synchronization

/// Rows as they were last written for somebody: a list that was read a moment ago is put together from them, and the database is asked only which
/// rows it has now, and in which version.
///
/// A row is found by its id, its version, and what was read of it (``Projection/number``), so that a changed record is never taken for
/// what it was. What changes without a new version (fields that plugins or formulas work out, labels of what it points at) makes
/// the record be forgotten when that is stored, and before whoever made the change is told so; on several servers within the time in
/// which they follow each other's changes. What a transaction has written is kept only if nothing of the entity was forgotten since before it began:
/// else it may have seen what was there before the change.
final class WrittenRows: Sendable {
    /// A row as the database has it.
    struct Stamp: Sendable {
        let id, version: Int64
    }

    fileprivate struct Copy {
        let projection: Int
        let version: Int64
        let bytes: [UInt8]
    }

    /// The rows of an entity, by id: those that were used of late, and those before them.
    fileprivate struct Shelf {
        var changed = 0
        var young: [Int64: [Copy]] = [:]
        var old: [Int64: [Copy]] = [:]
    }

    fileprivate struct State {
        /// How often something was forgotten.
        var moment = 0
        /// When everything was.
        var emptied = 0
        /// The bytes of the younger rows.
        var bytes = 0
        var shelves: [String: Shelf] = [:]
        /// How often in a row the rows of a projection were looked for in vain.
        var failures: [Int: Int] = [:]
    }

    /// Half of the bytes that are kept at most.
    fileprivate static let most = 2 << 20
    /// Users with other rights see other rows: so many of one record.
    fileprivate static let mostCopies = 8
    /// More records than this at once are not looked for one by one.
    private static let mostTouches = 1000
    private let state = BriefLock(State())

    /// What a transaction has to ask before it reads anything, and gives to ``keep(_:_:_:since:)``.
    var moment: Int { state.withLock { $0.moment } }

    /// What is to be expected of looking for rows here.
    enum Outlook {
        /// There are none yet.
        case empty
        /// It is worth asking the database for stamps first.
        case likely
        /// That was in vain again and again, and so was keeping them.
        case unlikely
    }

    func outlook(_ entity: String, _ projection: Int) -> Outlook {
        state.withLock { state in
            guard let shelf = state.shelves[entity], !(shelf.young.isEmpty && shelf.old.isEmpty) else { return .empty }
            let failures: Int = state.failures[projection] ?? 0
            guard failures > 2 else { return .likely }
            state.failures[projection] = failures + 1
            return failures % 16 == 0 ? .likely : .unlikely
        }
    }

    /// Whether a row is here, in whatever version.
    func has(_ entity: String, _ id: Int64, _ projection: Int) -> Bool {
        state.withLock { state in
            guard let shelf = state.shelves[entity] else { return false }
            return (shelf.young[id] ?? shelf.old[id])?.contains { $0.projection == projection } ?? false
        }
    }

    /// All these rows, or nil where one of them is not here.
    func rows(_ entity: String, _ projection: Int, _ stamps: [Stamp]) -> [[UInt8]]? {
        state.withLock { state in
            var found: [[UInt8]] = []
            found.reserveCapacity(stamps.count)
            for stamp in stamps {
                guard let bytes = state.take(entity, projection, stamp) else {
                    state.failures[projection, default: 0] += 1
                    return nil
                }
                found.append(bytes)
            }
            if state.failures[projection] != nil { state.failures[projection] = nil }
            return found
        }
    }

    /// One row, or nil where it is not here.
    func row(_ entity: String, _ projection: Int, _ stamp: Stamp) -> [UInt8]? { state.withLock { $0.take(entity, projection, stamp) } }

    /// Keeps rows that were written by a transaction that began at a moment.
    func keep(_ entity: String, _ projection: Int, _ rows: [(stamp: Stamp, bytes: [UInt8])], since moment: Int) {
        guard !rows.isEmpty else { return }
        state.withLock { state in
            guard state.emptied <= moment, (state.shelves[entity]?.changed ?? 0) <= moment else { return }
            for (stamp, bytes) in rows {
                state.put(Copy(projection: projection, version: stamp.version, bytes: bytes), stamp.id, entity)
            }
        }
    }

    /// Forgets records that were made, changed or deleted: by their ids, or all of an entity where none are given.
    func forget(_ touched: [String: [Int64]]) {
        state.withLock { state in
            state.moment += 1
            for (entity, ids) in touched {
                state.shelves[entity, default: Shelf()].changed = state.moment
                if ids.isEmpty || ids.count > WrittenRows.mostTouches {
                    state.shelves[entity] = Shelf(changed: state.moment)
                } else {
                    for id in ids {
                        state.shelves[entity]?.young[id] = nil
                        state.shelves[entity]?.old[id] = nil
                    }
                }
            }
        }
    }

    func forgetAll() {
        state.withLock { state in
            let moment: Int = state.moment + 1
            state = State(moment: moment, emptied: moment)
        }
    }
}

fileprivate extension WrittenRows.State {
    mutating func take(_ entity: String, _ projection: Int, _ stamp: WrittenRows.Stamp) -> [UInt8]? {
        func fits(_ copy: WrittenRows.Copy) -> Bool { copy.projection == projection && copy.version == stamp.version }
        if let copy = shelves[entity]?.young[stamp.id]?.first(where: fits) { return copy.bytes }
        guard let copy = shelves[entity]?.old[stamp.id]?.first(where: fits) else { return nil }
        put(copy, stamp.id, entity)
        return copy.bytes
    }

    mutating func put(_ copy: WrittenRows.Copy, _ id: Int64, _ entity: String) {
        if bytes > WrittenRows.most {
            bytes = 0
            for entity in shelves.keys {
                guard var shelf = shelves[entity] else { continue }
                (shelf.old, shelf.young) = (shelf.young, [:])
                shelves[entity] = shelf
            }
        }
        var copies: [WrittenRows.Copy] = shelves[entity]?.young[id] ?? []
        copies.removeAll { $0.projection == copy.projection }
        if copies.count >= WrittenRows.mostCopies { copies.removeFirst() }
        copies.append(copy)
        shelves[entity, default: WrittenRows.Shelf()].young[id] = copies
        bytes += copy.bytes.count
    }
}
