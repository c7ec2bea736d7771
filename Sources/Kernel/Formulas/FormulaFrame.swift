import PluginAPI

/// What a formula is evaluated over: a record, a moment, and whoever asks.
struct FormulaFrame {
    let record: RecordData
    let now: Moment
    let today: Day
    let calendar: DeploymentCalendar
    let currency: Currency
    /// Nil for the product itself.
    let user: Int64?
    /// Runs a plugin's function as what it is; without it the function runs by itself.
    var call: ((CallSite, () throws -> Value) throws -> Value)?
    /// Reads a record that a link points at; nil when it is out of sight.
    private let load: (_ entity: String, RecordID) throws -> RecordData?
    private var loaded: [Link: RecordData?] = [:]
    private var steps = 0

    private struct Link: Hashable {
        let entity: String
        let id: RecordID
    }

    init(
        _ record: RecordData, now: Moment, calendar: DeploymentCalendar, currency: Currency, user: Int64?,
        load: @escaping (_ entity: String, RecordID) throws -> RecordData? = { _, _ in nil }
    ) {
        self.record = record
        self.now = now
        self.calendar = calendar
        self.currency = currency
        self.user = user
        self.load = load
        today = calendar.day(of: now)
    }

    /// Counts work; throws when it is too much.
    mutating func spend(_ weight: Int) throws {
        steps += weight
        if steps > FormulaLimits.steps { throw FormulaFault.tooManySteps }
    }

    /// The value of a field of the record.
    @inline(__always)
    func value(at place: Int) -> Value { place < record.values.count ? record.values[place] : .null }

    /// The value of a field by way of links: the places of the links with what they point at, then the field's.
    mutating func value(by links: [(place: Int, target: String)], at place: Int) throws -> Value {
        var current: RecordData = record
        for link in links {
            guard link.place < current.values.count, case .integer(let id) = current.values[link.place],
                let next = try follow(link.target, RecordID(id))
            else { return .null }
            current = next
        }
        return place < current.values.count ? current.values[place] : .null
    }

    private mutating func follow(_ entity: String, _ id: RecordID) throws -> RecordData? {
        let link = Link(entity: entity, id: id)
        if let known = loaded[link] { return known }
        try spend(50)
        let found: RecordData? = try load(entity, id)
        loaded[link] = .some(found)
        return found
    }
}
