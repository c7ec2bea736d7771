import PluginAPI

/// What a caller fills in for an action.
enum ActionInput {
    static func read(_ action: ActionModel, json: JSONValue, _ tx: StoreTransaction) throws -> [String: Value] {
        guard let members = json.members else { throw CRMError(.malformed, "the body is not a JSON object") }
        return try read(action, members.map { ($0.name, $0.value) }) { field, value in
            try RecordInput(transaction: tx).value(field, json: value)
        }
    }

    static func read(_ action: ActionModel, texts: [FrontRequest.QueryItem], _ tx: StoreTransaction) throws -> [String: Value] {
        try read(action, texts.map { ($0.name, $0.value) }) { field, text in
            try RecordInput(transaction: tx).value(field, text: text)
        }
    }

    private static func read<Raw>(
        _ action: ActionModel, _ given: [(name: String, value: Raw)], _ parse: (FieldModel, Raw) throws -> Value
    ) throws -> [String: Value] {
        var values: [String: Value] = [:]
        var problems: [Problem] = []
        let fields = action.fields
        for (name, raw) in given {
            guard let place = fields.firstIndex(where: { $0.name == name }) else {
                problems.append(Problem(field: name, "is not asked for by \(action.name)"))
                continue
            }
            do { values[name] = try parse(FieldModel(fields[place], place: place, plugin: action.plugin), raw) } catch let error as CRMError
                where !error.problems.isEmpty
            { problems += error.problems }
        }
        guard problems.isEmpty else {
            throw CRMError(.invalid, "\(action.title.lowercased()) needs something else", problems: problems)
        }
        return values
    }
}
