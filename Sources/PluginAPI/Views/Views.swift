/// A list: its columns, the filters it offers, and the order in which it begins.
public struct ListView: Sendable {
    /// The entity's name.
    public var entity: String
    /// The fields shown, in order.
    public var columns: [String]
    /// The fields offered as filters.
    public var filters: [String]
    /// The order.
    public var sort: Sort
    /// Makes a list. For the kernel and for tests.
    public init(entity: String, columns: [String], filters: [String], sort: Sort) {
        self.entity = entity
        self.columns = columns
        self.filters = filters
        self.sort = sort
    }
}

/// A named filter that comes with a plugin: a tab above the list.
public struct PresetView: Sendable {
    /// The entity's name.
    public var entity: String
    /// The words on the tab.
    public var title: String
    /// The condition.
    public var filter: Filter
    /// The order; the list's own when nil.
    public var sort: Sort?
}

/// A board: columns from the records (or options) that a field points at, or from the months of a day.
public struct BoardView: Sendable {
    /// The entity's name.
    public var entity: String
    /// The field whose value decides the column: a reference or a choice.
    public var by: String
    /// The fields on a card; the label stands above them.
    public var card: [String]
    /// The money or number added up per column, or nil.
    public var sum: String?
    /// Which columns there are: a condition on the records that `by` points at.
    public var columns: Filter
    /// Which cards there are.
    public var cards: Filter
    /// The field of the card that picks a board among several (a reference), or nil for one board.
    public var within: String?
    /// The field of the column record that must equal the picked one.
    public var columnWithin: String?
    /// The name in addresses and on the command line; `board` for the one that is meant when none is named.
    public var name: String = BoardView.standardName
    /// The words on its tab.
    public var title: String = "Board"
    /// All that is added up per column, ``sum`` first.
    public var sums: [String] = []
    /// Whether the columns are the months of the day that ``by`` holds, with a first one for cards without a day.
    public var isByMonth = false
    /// The fields by which the figures of each column can be broken down: references and choices.
    public var rows: [String] = []
    /// On a board by months, the words above one column for all months that are over; empty where each of them has its own.
    public var earlier = ""

    /// The name of the board that is meant when none is named.
    public static var standardName: String { "board" }
}

/// A mark that some records of an entity carry: a word that stands on cards, in lists and on the record page.
public struct MarkView: Sendable {
    /// The entity's name.
    public var entity: String
    /// The name in addresses and JSON: snake_case.
    public var name: String
    /// The word on the mark.
    public var title: String
    /// A sentence that says what the mark means.
    public var help: String
    /// The colour as `#rrggbb`, or empty.
    public var color: String
    /// Which records carry it.
    public var filter: Filter
    /// Which records carry it, as a formula; empty where ``filter`` says it.
    public var formula: String
}

/// A group of fields on the record page and in forms.
public struct FieldSection: Sendable {
    /// The heading; empty for none.
    public var title: String
    /// The fields, in order.
    public var fields: [String]
    /// Makes a group.
    public init(_ title: String, _ fields: any AnyField...) {
        self.title = title
        self.fields = fields.map(\.name)
    }
}

/// How a record page is laid out.
public struct DetailView: Sendable {
    /// The entity's name.
    public var entity: String
    /// The groups of fields, in order.
    public var sections: [FieldSection]
}

/// How a metric adds up.
@frozen
public enum Measure: Sendable, Hashable {
    /// The count of records.
    case count
    /// The sum of a field of money or number.
    case sum(String)
    /// The mean of a field of money or number.
    case average(String)
}

/// A number over records, a period and a scope, which opens the list of records that make it up.
public struct Metric: Sendable {
    /// The key: `<plugin>.<name>`.
    public var key: String
    /// The words above the number.
    public var title: String
    /// The entity's name.
    public var entity: String
    /// How it adds up.
    public var measure: Measure
    /// Which records count.
    public var filter: Filter
    /// The field that places a record in a period; nil for a number as of now.
    public var date: String?
}
