/// The types that formulas know. In `plugin.json` and in error messages they stand by their raw values.
public enum FormulaType: String, Sendable, Hashable, CaseIterable {
    /// Text, or the key of a choice. As a value: `.text`.
    case text
    /// An exact number with decimals. As a value: `.decimal`; a result may be `.integer`, too.
    case number
    /// A whole number. As a value: `.integer`.
    case integer
    /// Yes or no. As a value: `.boolean`.
    case boolean
    /// A calendar day. As a value: `.day`.
    case date
    /// A moment in time. As a value: `.moment`.
    case moment
    /// An exact amount in one currency. As a value: `.money`.
    case money
    /// A link to a record. As a value: `.integer`.
    case id
}

extension Contributions {
    /// A function that formulas may call.
    public struct FunctionEntry: Sendable {
        /// The name: snake_case, and one of its kind among all plugins.
        public var name: String
        /// The types of its arguments, in order.
        public var parameters: [FormulaType]
        /// The type of its result.
        public var result: FormulaType
        /// A sentence about what it gives.
        public var summary: String
        /// Whether it is called with empty arguments, too. Otherwise an empty argument makes the result empty without a call.
        public var takesEmpty: Bool
        /// What runs: the arguments are as many as the parameters and of their types. `.null` stands for nothing.
        public var body: @Sendable ([Value]) throws -> Value
        /// Makes a function.
        public init(
            name: String, parameters: [FormulaType], result: FormulaType, summary: String = "", takesEmpty: Bool = false,
            body: @escaping @Sendable ([Value]) throws -> Value
        ) {
            self.name = name
            self.parameters = parameters
            self.result = result
            self.summary = summary
            self.takesEmpty = takesEmpty
            self.body = body
        }
    }
}

extension Registrar {
    /// A function that formulas may call: conditions, filters, fields that are computed.
    ///
    /// ```swift
    /// crm.function("similarity", [.text, .text], returns: .number, "How alike two texts are, from 0 to 1.") { arguments in
    ///     guard case .text(let left) = arguments[0], case .text(let right) = arguments[1] else { return .null }
    ///     return .decimal(FixedDecimal(units: percent(left, right), scale: 2))
    /// }
    /// ```
    ///
    /// Pure and quick: the same arguments give the same result, and results are stored. What it throws leaves the result of
    /// that record empty, with the reason for whoever looks.
    public mutating func function(
        _ name: String, _ parameters: [FormulaType], returns result: FormulaType, _ summary: String = "", takesEmpty: Bool = false,
        _ body: @escaping @Sendable ([Value]) throws -> Value
    ) {
        note {
            $0.functions.append(
                .init(name: name, parameters: parameters, result: result, summary: summary, takesEmpty: takesEmpty, body: body))
        }
    }
}
