import PluginAPI

/// A function that a plugin contributed, called with exact values of the types that it declared.
struct PluginFunction {
    /// A plugin's number comes with as many decimals as it likes; so many are kept.
    static let scale = 6

    private let entry: Contributions.FunctionEntry
    private let plugin: String
    private let site: CallSite

    init(_ function: Owned<Contributions.FunctionEntry>) {
        entry = function.body
        plugin = function.plugin
        site = function.site
    }

    var signature: String {
        "\(entry.name)(\(entry.parameters.map(\.rawValue).joined(separator: ", "))) → \(entry.result.rawValue)"
    }

    func node(_ call: FormulaCall) throws -> FormulaNode {
        guard call.count == entry.parameters.count else {
            let count: String = entry.parameters.count == 1 ? "1 argument" : "\(entry.parameters.count) arguments"
            throw FormulaProblem("\(call.name) takes \(count), not \(call.count)", hint: "It is \(signature).", at: call.place)
        }
        let arguments = try entry.parameters.indices.map { try argument(call, $0) }
        let (entry, plugin, site, kind) = (entry, plugin, site, Self.kind(entry.result))
        let read: @Sendable (inout FormulaFrame) throws -> Value = { frame in
            try frame.spend(20)
            var values: [Value] = []
            values.reserveCapacity(arguments.count)
            for argument in arguments {
                let value: Value = try argument(&frame)
                if value == .null, !entry.takesEmpty { return .null }
                values.append(value)
            }
            do {
                let given: [Value] = values
                let result: Value = try frame.call.map { try $0(site) { try entry.body(given) } } ?? entry.body(given)
                return try Self.checked(result, entry)
            } catch let fault as FormulaFault { throw fault } catch {
                throw FormulaFault("\(entry.name) of the plugin \(plugin) could not answer: \((error as? CRMError)?.message ?? "\(error)")")
            }
        }
        return FormulaNode(kind, FormulaCode(reading: read, kind), at: call.place, isConstant: call.isConstant, query: .none(call.name + "()"))
    }

    private func argument(_ call: FormulaCall, _ index: Int) throws -> @Sendable (inout FormulaFrame) throws -> Value {
        let node: FormulaNode = call[index]
        let type: FormulaType = entry.parameters[index]
        let isFitting: Bool
        switch (type, node.kind) {
        case (_, .empty), (.text, .text), (.boolean, .boolean), (.date, .date), (.moment, .moment), (.money, .money), (.id, .id),
            (.id, .number(0)), (.integer, .number(0)): isFitting = true
        case (.number, .number(let scale)):
            let step: FormulaStep<Int64> = try call.number(index, scale: scale)
            return { try step(&$0).map { .decimal(FixedDecimal(units: $0, scale: scale)) } ?? .null }
        default: isFitting = false
        }
        guard isFitting else { throw FormulaProblem("\(call.name) takes \(Self.kind(type).word) here, not \(node.kind.word)", hint: "It is \(signature).", at: node.place) }
        let (code, scale) = (node.code, node.kind.scale ?? 0)
        return { try code.value(&$0, scale: scale) }
    }

    static func kind(_ type: FormulaType) -> FormulaKind {
        switch type {
        case .text: .text
        case .number: .number(scale: scale)
        case .integer: .integer
        case .boolean: .boolean
        case .date: .date
        case .moment: .moment
        case .money: .money
        case .id: .id(nil)
        @unknown default: .text
        }
    }

    /// What a plugin gave, as the type that it declared; a fault when it is another.
    private static func checked(_ value: Value, _ entry: Contributions.FunctionEntry) throws -> Value {
        switch (entry.result, value) {
        case (_, .null), (.integer, .integer), (.boolean, .boolean), (.date, .day), (.moment, .moment), (.money, .money), (.id, .integer):
            return value
        case (.text, .text(let text)):
            guard text.count <= FormulaLimits.resultLength else { throw FormulaFault.tooLong }
            return value
        case (.number, .integer(let number)):
            let (units, overflow) = number.multipliedReportingOverflow(by: Int64(Fraction.power(scale)))
            guard !overflow else { throw FormulaFault.overflow }
            return .decimal(FixedDecimal(units: units, scale: scale))
        case (.number, .decimal(let number)):
            guard (0...18).contains(number.scale) else { throw FormulaFault.overflow }
            let fraction = Fraction(units: number.units, scale: number.scale)
            return .decimal(FixedDecimal(units: try fraction.rounded(.nearest, scale: scale), scale: scale))
        default: throw FormulaFault("\(entry.name) gave something else than \(kind(entry.result).word)")
        }
    }
}
