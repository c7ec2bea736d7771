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
    struct Stamp: Sendable, Equatable {
        let id, version: Int64
    }

    /// The rows of one answer as they were written one after the other, with a comma between them.
    ///
    /// NB: unchecked, since what changes of it is looked at and changed under the lock alone.
    fileprivate final class Sheet: @unchecked Sendable {
        let bytes: [UInt8]
        let places: [Place]
        /// Whether some of its rows may be out of date without a new version, or are found on another sheet, where it would be said that they
        /// are. Until then each row on it is as good as the one that was found.
        var isTorn = false

        init(_ bytes: [UInt8], _ places: [Place]) {
            self.bytes = bytes
            self.places = places
        }
    }

    /// Where a row stands on a sheet.
    struct Place: Sendable {
        let stamp: Stamp
        let range: Range<Int>
    }

    /// A part of a sheet: a row, or several that follow each other as they are wanted.
    struct Piece: Sendable {
        fileprivate let sheet: Sheet
        fileprivate var range: Range<Int>

        var bytes: ArraySlice<UInt8> { sheet.bytes[range] }
    }

    /// What is known of the rows that were looked for.
    struct Found: Sendable {
        fileprivate(set) var pieces: [Piece] = []
        /// Where each row will stand when the pieces are written with a comma between them.
        fileprivate(set) var places: [Place] = []
        /// Whether some of them will be gone soon if they are not kept again.
        fileprivate(set) var isOld = false

        /// So many bytes they are with a comma between any two.
        var count: Int { places.last?.range.upperBound ?? 0 }
        /// All of them on one sheet.
        var sheet: [UInt8] {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(count)
            for piece in pieces {
                if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
                bytes += piece.bytes
            }
            return bytes
        }
    }

    fileprivate struct Key: Hashable {
        let id: Int64
        let projection: Int
    }

    fileprivate struct Entry {
        let sheet: Sheet
        /// Which of the sheet's places is its.
        let number: Int

        var place: Place { sheet.places[number] }
    }

    /// The rows of an entity: those that were kept of late, and those before them.
    fileprivate struct Shelf {
        var changed = 0
        var young: [Key: Entry] = [:]
        var old: [Key: Entry] = [:]
        /// Whose rows there are.
        var projections: Set<Int> = []
    }

    fileprivate struct State {
        /// How often something was forgotten.
        var moment = 0
        /// When everything was.
        var emptied = 0
        /// The bytes of the sheets of the younger rows.
        var bytes = 0
        var shelves: [String: Shelf] = [:]
        /// How often in a row the rows of a projection were looked for in vain.
        var failures: [Int: Int] = [:]
    }

    /// Projections that are told apart by how often their rows were looked for in vain; their numbers go on rising.
    fileprivate static let mostProjections = 1000
    /// Half of the bytes that are kept at most.
    private static let most = 2 << 20
    /// More records than this at once are not looked for one by one.
    private static let mostTouches = 1000
    private let state = BriefLock(State())

    /// What a transaction has to ask before it reads anything, and gives to ``keep(_:_:_:_:since:)``.
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
            guard state.shelves[entity]?.projections.contains(projection) ?? false else { return .empty }
            let failures: Int = state.failures[projection] ?? 0
            guard failures > 2 else { return .likely }
            state.failures[projection] = failures + 1
            return failures % 16 == 0 ? .likely : .unlikely
        }
    }

    /// Whether a row is here, in whatever version.
    func has(_ entity: String, _ id: Int64, _ projection: Int) -> Bool {
        let key = Key(id: id, projection: projection)
        return state.withLock { state in
            guard let shelf = state.shelves[entity] else { return false }
            return shelf.young[key] != nil || shelf.old[key] != nil
        }
    }

    /// All these rows, or nil where one of them is not here.
    ///
    /// - Parameter apart: whether each row is a piece of its own.
    func rows(_ entity: String, _ projection: Int, _ stamps: [Stamp], apart: Bool = false) -> Found? {
        var found = Found()
        found.places.reserveCapacity(stamps.count)
        return state.withLock { state in
            guard let shelf = state.shelves[entity] else { return nil }
            while found.places.count < stamps.count {
                guard let entry = found.add(stamps[found.places.count], projection, shelf, apart: apart) else {
                    // A single row that is out of date says nothing of lists.
                    if stamps.count > 1 { state.noteFailure(projection) }
                    return nil
                }
                found.follow(entry, stamps, apart: apart)
            }
            if stamps.count > 1, state.failures[projection] != nil { state.failures[projection] = nil }
            return found
        }
    }

    /// Keeps rows that were written by a transaction that began at a moment.
    func keep(_ entity: String, _ projection: Int, _ places: [Place], on sheet: [UInt8], since moment: Int) {
        guard !places.isEmpty else { return }
        let sheet = Sheet(sheet, places)
        state.withLock { state in
            var shelf: Shelf = state.shelves.removeValue(forKey: entity) ?? Shelf()
            defer { state.shelves[entity] = shelf }
            guard state.emptied <= moment, shelf.changed <= moment else { return }
            shelf.projections.insert(projection)
            for (number, place) in places.enumerated() {
                let former: Entry? = shelf.young.updateValue(Entry(sheet: sheet, number: number), forKey: Key(id: place.stamp.id, projection: projection))
                former?.sheet.isTorn = true
            }
            state.bytes += sheet.bytes.count
            guard state.bytes > WrittenRows.most else { return }
            state.bytes = 0
            shelf.age()
            for entity in state.shelves.keys { state.shelves[entity]?.age() }
        }
    }

    /// Forgets records that were made, changed or deleted: by their ids, or all of an entity where none are given.
    func forget(_ touched: [String: [Int64]]) {
        state.withLock { state in
            state.moment += 1
            for (entity, ids) in touched {
                var shelf: Shelf = state.shelves.removeValue(forKey: entity) ?? Shelf()
                if ids.isEmpty || ids.count > WrittenRows.mostTouches { shelf = Shelf() }
                shelf.changed = state.moment
                for projection in shelf.projections {
                    for id in ids { shelf.forget(Key(id: id, projection: projection)) }
                }
                state.shelves[entity] = shelf
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
    mutating func noteFailure(_ projection: Int) {
        if failures.count >= WrittenRows.mostProjections, failures[projection] == nil { failures = [:] }
        failures[projection, default: 0] += 1
    }
}

fileprivate extension WrittenRows.Shelf {
    mutating func forget(_ key: WrittenRows.Key) {
        young.removeValue(forKey: key)?.sheet.isTorn = true
        old.removeValue(forKey: key)?.sheet.isTorn = true
    }

    mutating func age() {
        self.old = young
        young = [:]
        projections = Set(self.old.keys.map(\.projection))
    }
}

fileprivate extension WrittenRows.Found {
    /// Adds a row that is known in this version, and gives where it was found.
    mutating func add(_ stamp: WrittenRows.Stamp, _ projection: Int, _ shelf: WrittenRows.Shelf, apart: Bool) -> WrittenRows.Entry? {
        let key = WrittenRows.Key(id: stamp.id, projection: projection)
        let entry: WrittenRows.Entry
        if let young = shelf.young[key] {
            entry = young
        } else if let old = shelf.old[key] {
            entry = old
            isOld = true
        } else {
            return nil
        }
        guard entry.place.stamp == stamp else { return nil }
        add(entry.place, on: entry.sheet, apart: apart)
        return entry
    }

    /// Adds the rows that follow on the same sheet as long as they are those that are wanted: a list is mostly read as it was the last time.
    mutating func follow(_ entry: WrittenRows.Entry, _ stamps: [WrittenRows.Stamp], apart: Bool) {
        guard !entry.sheet.isTorn else { return }
        for place in entry.sheet.places[(entry.number + 1)...] {
            guard places.count < stamps.count, place.stamp == stamps[places.count] else { return }
            add(place, on: entry.sheet, apart: apart)
        }
    }

    private mutating func add(_ place: WrittenRows.Place, on sheet: WrittenRows.Sheet, apart: Bool) {
        let start: Int = places.isEmpty ? 0 : count + 1
        places.append(WrittenRows.Place(stamp: place.stamp, range: start..<start + place.range.count))
        if !apart, let last = pieces.last, last.sheet === sheet, last.range.upperBound + 1 == place.range.lowerBound {
            pieces[pieces.count - 1].range = last.range.lowerBound..<place.range.upperBound
        } else {
            pieces.append(WrittenRows.Piece(sheet: sheet, range: place.range))
        }
    }
}
