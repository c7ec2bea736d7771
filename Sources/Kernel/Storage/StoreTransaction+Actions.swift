import PluginAPI

/// What an action came to.
struct ActionOutcome: Sendable {
    var record: RecordData?
    var message: String
    var results: [String: Value]
    var opens: (entity: String, id: RecordID)?
}

extension StoreTransaction {
    /// What the form of an action begins with for a record: defaults and the guesses of the action and its extensions; for a dialog
    /// also what it suggests to whoever looks at it.
    func prefill(_ entity: EntityModel, _ action: ActionModel, _ id: RecordID, isDialog: Bool = false) throws -> [RecordData] {
        let target = try require(entity, id)
        return try action.parts.map { part in
            var data = Contributions.ActionData(target: target, input: StoreTransaction.blank(part))
            try calling(part.sites.prefill) {
                try part.entry.prefill(&data, transaction(for: part.plugin))
                if isDialog { try part.entry.suggest(&data, transaction(for: part.plugin)) }
            }
            return data.input
        }
    }

    static func blank(_ part: ActionModel.Part) -> RecordData {
        var data = RecordData(layout: part.layout)
        for (place, field) in part.entry.fields.enumerated() where field.defaultValue != .null { data.values[place] = field.defaultValue }
        return data
    }

    /// Runs an action and its extensions, all or none. Fields that the caller leaves out are filled by the action's guesses.
    func run(_ entity: EntityModel, _ action: ActionModel, _ id: RecordID, input: [String: Value]) throws -> ActionOutcome {
        try core.changing(entity.pluralTitle.lowercased()) {
            try core.tracing(.act, "\(entity.name).\(action.name)", record: id) { try perform(entity, action, id, input) }
        }
    }

    /// What plugins keep about where a record stands, as a sentence: `Its outcome is converted.`
    private func states(of record: RecordData, _ entity: EntityModel) -> String {
        let states: [String] = entity.fields.compactMap { field in
            guard field.description.isReadOnly, case .choice(let options) = field.type, actor.mask(field.name, of: entity.name) != .hidden,
                case .text(let key) = record.values[field.place], let option = options.first(where: { $0.key == key })
            else { return nil }
            return "Its \(field.label.lowercased()) is \(option.label.lowercased())."
        }
        return states.isEmpty ? "It has changed in the meantime." : states.joined(separator: " ")
    }

    private func perform(_ entity: EntityModel, _ action: ActionModel, _ id: RecordID, _ input: [String: Value]) throws -> ActionOutcome {
        try actor.require(action.name, on: entity)
        // The record as the user may see it; the right's own scope decides whether the user may use the action on it.
        _ = try editable(entity, id, right: action.name)
        var target = try require(entity, id)
        guard calling(action.parts[0].sites.available, { action.parts[0].entry.isAvailable(target) }) else {
            throw CRMError.refused(
                "\(action.title.lowercased()) is not possible for this \(entity.title.lowercased()) now", hint: states(of: target, entity))
        }
        var calls: [Contributions.ActionData] = []
        var problems: [Problem] = []
        for part in action.parts {
            var data = Contributions.ActionData(target: target, input: StoreTransaction.blank(part))
            try calling(part.sites.prefill) { try part.entry.prefill(&data, transaction(for: part.plugin)) }
            for (place, field) in part.entry.fields.enumerated() {
                if let value = input[field.name] { data.input.values[place] = value }
            }
            try calling(part.sites.prefill) { try part.entry.complete(&data, transaction(for: part.plugin)) }
            calls.append(data)
        }
        // A field may be asked for by what another part of the form holds.
        var given: [String: Value] = [:]
        for call in calls { for (name, value) in zip(call.input.layout.names, call.input.values) { given[name] = value } }
        for place in calls.indices { problems += try checkInput(action.parts[place], &calls[place].input, given) }
        guard problems.isEmpty else {
            throw CRMError(.invalid, "\(action.title.lowercased()) needs something else", problems: problems)
        }
        var outcome = ActionOutcome(record: nil, message: "", results: [:], opens: nil)
        for (part, call) in zip(action.parts, calls) {
            var call = call
            call.results = outcome.results
            call.target = target
            try calling(part.sites.run) { try part.entry.run(&call, transaction(for: part.plugin)) }
            outcome.results = call.results
            if !call.message.isEmpty { outcome.message += (outcome.message.isEmpty ? "" : " ") + call.message }
            outcome.opens = call.opens ?? outcome.opens
            if let fresh = try find(entity, id) { target = fresh }
        }
        outcome.record = try find(entity, id)
        try auditAction(entity, id, outcome.record?.version ?? target.version, action.name)
        core.touch(entity.name, id.raw)
        return outcome
    }

    private func checkInput(_ part: ActionModel.Part, _ input: inout RecordData, _ given: [String: Value]) throws -> [Problem] {
        var problems: [Problem] = []
        for (place, description) in part.entry.fields.enumerated() {
            let field = FieldModel(description, place: place, plugin: part.plugin)
            input.values[place] = field.normalized(input.values[place])
            if let condition = description.shownWhen, !condition.values.contains(given[condition.field] ?? .null) {
                // Not asked for, so it counts as left out.
                input.values[place] = .null
                continue
            }
            if let problem = field.problem(with: input.values[place]) {
                problems.append(Problem(field: field.name, problem))
            } else {
                problems += try deadLinks(field, input.values[place])
            }
        }
        return problems
    }
}
