/// What an import does with a file: everything a person decides, kept with the import and repeatable.
struct ImportPlan: Codable, Hashable, Sendable {
    /// What happens to a row whose record may exist already.
    enum Mode: String, Codable, Hashable, Sendable, CaseIterable {
        case create
        case update
        case createOrUpdate = "create-or-update"
    }

    /// What happens to the good rows when some are bad.
    enum BadRows: String, Codable, Hashable, Sendable, CaseIterable {
        /// Nothing is stored at all.
        case refuseAll = "refuse-all"
        /// The good rows are stored, the bad ones handed back.
        case skip
    }

    /// What happens to a name for which there is no record.
    enum UnknownReferences: String, Codable, Hashable, Sendable, CaseIterable {
        case refuse
        case leaveEmpty = "leave-empty"
        /// A record with that name is made, where the user may.
        case create
    }

    /// One column that fills a field.
    struct Column: Codable, Hashable, Sendable {
        /// Counted from 0.
        var index: Int
        var header: String
        var field: String
        /// The name of a `DateFormat`, for days and moments.
        var dateFormat: String?
        /// The name of a `NumberFormat`, for numbers and amounts.
        var numberFormat: String?
        /// The file counts in thousands, millions…
        var multiplier: Int64?
        /// Texts that are to be read as other texts: names that the file spells differently.
        var translations: [String: String]?
    }

    var entity: String
    var columns: [Column] = []
    /// Values for every row of fields that the file has no column for, as text.
    var fixed: [String: String] = [:]
    var mode: Mode = .create
    /// The field by which an existing record is found; needed unless the mode is `create`.
    var matchField: String?
    var badRows: BadRows = .refuseAll
    var unknownReferences: UnknownReferences = .refuse
    /// Entities of which a record is made for an unknown name, whatever holds for the others.
    var createMissing: [String] = []
    /// Texts that stand for an empty cell, such as `NULL`.
    var emptyTexts: [String] = []
    /// On update an empty cell clears the field instead of leaving it as it is.
    var emptyCellsClear: Bool = false
    /// The currency of amounts that name none; the deployment's unless given.
    var currency: String?
    /// Minutes east of UTC of times that name no zone.
    var offsetMinutes: Int = 0
    var delimiter: String?
    var encoding: CSVEncoding?
    /// The encoding was found out from the file, not given.
    var encodingIsGuessed: Bool?
    var restoresNeutralisedCells: Bool = true

    init(entity: String) {
        self.entity = entity
    }

    /// What the reader of the file is told.
    var csvOptions: CSVOptions {
        var options = CSVOptions()
        options.delimiter = delimiter?.utf8.first
        options.encoding = encoding
        options.restoresNeutralisedCells = restoresNeutralisedCells
        return options
    }
}

extension CSVFormat {
    /// Whether a plan is of the file as it was read in this way.
    func isMeant(by plan: ImportPlan) -> Bool {
        (plan.encoding ?? encoding) == encoding && (plan.delimiter ?? delimiterText) == delimiterText
    }

    private var delimiterText: String { String(UnicodeScalar(delimiter)) }
}
