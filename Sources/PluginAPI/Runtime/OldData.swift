/// The data of an earlier release of a plugin, as it stands before an upgrade. Read by name: the types of the new release need
/// not fit it.
///
/// Values are as they are stored: text, or whole numbers; an amount is in its smallest unit with its currency in
/// `<field>_currency`, an exact number without its decimal point, a moment in milliseconds since 1970.
public final class OldData {
    /// The version that is being replaced.
    public let version: String
    private let columnsOf: (String) throws -> Set<String>
    private let rowsOf: (String, [String], (field: String, value: Value)?, ([Value]) throws -> Bool) throws -> Void

    /// For the kernel and for tests: reads the columns of an entity, and hands over rows until told to stop.
    public init(
        version: String, columns: @escaping (_ entity: String) throws -> Set<String>,
        rows: @escaping (
            _ entity: String, _ fields: [String], _ condition: (field: String, value: Value)?, _ each: ([Value]) throws -> Bool
        ) throws -> Void
    ) {
        self.version = version
        columnsOf = columns
        rowsOf = rows
    }

    /// The fields that an entity of this plugin had; none when there was no such entity.
    public func fields(of entity: String) throws -> Set<String> { try columnsOf(entity) }

    /// Hands over the values of some fields of each record, until the closure returns false.
    public func forEach(in entity: String, _ fields: [String], _ body: ([Value]) throws -> Bool) throws {
        try rowsOf(entity, fields, nil, body)
    }

    /// How many records an entity has.
    public func count(of entity: String) throws -> Int { try count(entity, nil) }

    /// How many records have a value in a field.
    public func count(of entity: String, where field: String, is value: Value) throws -> Int {
        try count(entity, (field, value))
    }

    private func count(_ entity: String, _ condition: (field: String, value: Value)?) throws -> Int {
        var count = 0
        try rowsOf(entity, ["id"], condition) { _ in
            count += 1
            return true
        }
        return count
    }
}
