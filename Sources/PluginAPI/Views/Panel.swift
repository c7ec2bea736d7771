/// What a plugin works out about one record: a sentence, a small table, or both. Shown on the record's page, in JSON and on the
/// command line; left out while it is empty.
///
/// ```swift
/// crm.panel(Visit.self, "costs", "What it costs") { visit, transaction in
///     Panel("Worked out from the distance.", columns: ["Part", .number("Kilometres")], rows: [["There and back", .number(84)]])
/// }
/// ```
public struct Panel: Sendable {
    /// The head of a column.
    public struct Column: Sendable, ExpressibleByStringLiteral {
        /// The words above it.
        public var title: String
        /// Whether its cells are numbers, which stand at the right.
        public var isNumeric: Bool

        /// A column of texts, unless it is one of numbers.
        public init(_ title: String, isNumeric: Bool = false) {
            self.title = title
            self.isNumeric = isNumeric
        }

        /// A column of texts.
        public init(stringLiteral value: String) { self.init(value) }

        /// A column of numbers.
        public static func number(_ title: String) -> Column { Column(title, isNumeric: true) }
    }

    /// What stands in one cell: each front writes it in its own way.
    public struct Cell: Sendable, ExpressibleByStringInterpolation {
        /// The kinds of content.
        public enum Content: Sendable, Hashable {
            /// A value as a field would hold it; `null` leaves the cell empty.
            case value(Value)
            /// A record by its name, with a link to it. Readers who may not see the record see an empty cell.
            case record(entity: String, id: RecordID)
            /// A length of time in seconds, 0 or more: `3 d 4 h`.
            case duration(seconds: Int64)
            /// An address that can be opened: with http or https, or of this product, beginning with one slash.
            case address(String)
        }

        /// What stands in it.
        public var content: Content

        /// A cell with some content.
        public init(_ content: Content) { self.content = content }

        /// A text.
        public init(stringLiteral value: String) { content = .value(.text(value)) }

        /// Nothing.
        public static var empty: Cell { Cell(.value(.null)) }
        /// A text.
        public static func text(_ text: String) -> Cell { Cell(.value(.text(text))) }
        /// A whole number.
        public static func number(_ number: Int) -> Cell { Cell(.value(.integer(Int64(number)))) }
        /// A value of any type that fields have: an amount, a day, a moment.
        public static func value(_ value: some FieldValue) -> Cell { Cell(.value(value.value)) }
        /// A record that something points at; an empty cell for nil.
        public static func record<E: Entity>(_ reference: Reference<E>?) -> Cell {
            reference.map { Cell(.record(entity: E.schema.name, id: $0.id)) } ?? .empty
        }
        /// A length of time in seconds.
        public static func duration(seconds: Int64) -> Cell { Cell(.duration(seconds: max(0, seconds))) }
        /// An address, as a link. What is none of ``Content/address(_:)`` is a text.
        public static func address(_ address: String) -> Cell {
            let isOurs: Bool = address.hasPrefix("/") && !address.hasPrefix("//")
            let isWeb: Bool = ["http://", "https://"].contains { address.lowercased().hasPrefix($0) }
            return isOurs || isWeb ? Cell(.address(address)) : .text(address)
        }
    }

    /// What there is to say in one or two sentences; empty for nothing.
    public var sentence: String
    /// The heads of the columns; none for a table without heads.
    public var columns: [Column]
    /// The rows, each with a cell a column.
    public var rows: [[Cell]]

    /// Makes a panel. One without a sentence and rows is not shown.
    public init(_ sentence: String = "", columns: [Column] = [], rows: [[Cell]] = []) {
        self.sentence = sentence
        self.columns = columns
        self.rows = rows
    }

    /// Whether there is nothing to show.
    public var isEmpty: Bool { sentence.isEmpty && rows.isEmpty }
}
