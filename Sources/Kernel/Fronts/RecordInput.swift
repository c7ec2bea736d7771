import PluginAPI

/// Reads what people and programs send into values: the texts of forms and URLs, the values of JSON.
struct RecordInput {
    let transaction: StoreTransaction

    /// What a text means for a field. Throws `invalid` with the field's name.
    func value(_ field: FieldModel, text: String) throws -> Value {
        let clean = text.trimmed
        if clean.isEmpty { return field.isList ? .list([]) : .null }
        switch field.type {
        case .text: return .text(field.description.format == .multiline ? text : clean)
        case .json:
            _ = try JSONValue(parsing: Array(clean.utf8))
            return .text(clean)
        case .integer: return try Int64(clean).map(Value.integer) ?? { throw wrong(field) }()
        case .boolean: return try RecordInput.boolean(clean).map(Value.boolean) ?? { throw wrong(field) }()
        case .decimal(let scale):
            let number = clean.hasSuffix("%") ? String(clean.dropLast()).trimmed : clean
            return try FixedDecimal(number, scale: scale).map(Value.decimal) ?? { throw problem(field, "must be a number with at most \(scale) decimals") }()
        case .money: return try money(field, clean)
        case .day: return try day(clean).map(Value.day) ?? { throw wrong(field) }()
        case .moment:
            if let moment = Moment(clean) { return .moment(hasZone(clean) ? moment : local(moment)) }
            if let day = day(clean) { return .moment(transaction.settings.calendar.start(of: day)) }
            throw wrong(field)
        case .choice(let options):
            let key = clean.lowercased()
            guard let option = options.first(where: { $0.key == clean || $0.key.lowercased() == key || $0.label.lowercased() == key }) else {
                throw wrong(field)
            }
            return .text(option.key)
        case .reference(let target): return .integer(try reference(field, target, clean))
        case .references(let target):
            return .list(try clean.split(separator: ",").map { RecordID(try reference(field, target, String($0).trimmed)) })
        }
    }

    /// What a JSON value means for a field. Throws `invalid` with the field's name.
    func value(_ field: FieldModel, json: JSONValue) throws -> Value {
        switch (field.type, json) {
        case (_, .null): return field.isList ? .list([]) : .null
        case (.json, .object), (.json, .array): return .text(String(decoding: JSONWriter.document { $0.tree(json) }, as: UTF8.self))
        case (.boolean, .boolean(let flag)): return .boolean(flag)
        case (.integer, .number(let text)), (.decimal, .number(let text)), (.money, .number(let text)), (.reference, .number(let text)):
            return try value(field, text: RecordInput.plain(text) ?? { throw wrong(field) }())
        case (.money, .object(let members)):
            guard let amount = json["amount"]?.text, members.allSatisfy({ $0.name == "amount" || $0.name == "currency" }) else { throw wrong(field) }
            return try money(field, amount + " " + (json["currency"]?.text ?? ""))
        case (.references, .array(let items)):
            guard case .references(let target) = field.type else { throw wrong(field) }
            return .list(try items.map { item in
                guard let text = item.text else { throw wrong(field) }
                return RecordID(try reference(field, target, text))
            })
        case (.boolean, .string), (.references, .string): throw wrong(field)
        case (_, .string(let text)): return try value(field, text: text)
        default: throw wrong(field)
        }
    }

    /// Puts the members of a JSON object into a record; throws `invalid` with every problem at once. Fields that a person may
    /// not set are problems, unless they come back unchanged.
    func apply(_ json: JSONValue, to record: inout RecordData, of entity: EntityModel) throws {
        guard let members = json.members else {
            throw CRMError(.malformed, "the body is not a JSON object", hint: "Send {\"field\": value}.")
        }
        var problems: [Problem] = []
        for member in members {
            if member.name == "id" || member.name == "version" || member.name.hasSuffix("_label") { continue }
            guard let field = entity.field(member.name), field.isStored,
                transaction.actor.mask(member.name, of: entity.name) != .hidden
            else {
                problems.append(Problem(field: member.name, "is not a field of \(entity.pluralTitle.lowercased())"))
                continue
            }
            do {
                let value = field.normalized(try value(field, json: member.value))
                try set(value, field, &record, entity)
            } catch let error as CRMError where !error.problems.isEmpty { problems += error.problems }
        }
        guard problems.isEmpty else { throw StoreTransaction.invalid(entity, problems) }
    }

    /// Sets a field as a person may: system and read-only fields keep their value.
    func set(_ value: Value, _ field: FieldModel, _ record: inout RecordData, _ entity: EntityModel) throws {
        let isUnchanged = record.values[field.place] == value
        if field.isSystem || field.description.isReadOnly {
            guard isUnchanged else { throw problem(field, "cannot be set") }
            return
        }
        record.values[field.place] = value
    }

    static func boolean(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "yes", "on", "1", "y": true
        case "false", "no", "off", "0", "n": false
        default: nil
        }
    }

    /// A JSON number as a plain decimal; nil when its exponent does not allow one.
    static func plain(_ number: String) -> String? {
        guard number.contains(where: { $0 == "e" || $0 == "E" }) else { return number }
        guard let value = Double(number), value == value.rounded(), abs(value) < 9e15 else { return nil }
        return String(Int64(value))
    }

    /// `1250`, `1250.00`, `1,250.00`, `1250.00 USD`, `EUR 1250`: thousands separated by commas only in groups of three.
    private func money(_ field: FieldModel, _ text: String) throws -> Value {
        // As forms and files mostly have it.
        if let space = text.utf8.firstIndex(of: UInt8(ascii: " ")), let currency = Currency(text[text.utf8.index(after: space)...]),
            let money = Money(text[..<space], currency)
        {
            return .money(money)
        }
        var amount = ""
        var currency = transaction.currency
        for word in text.split(separator: " ") {
            if let first = word.first, first.isNumber || "+-.".contains(first) {
                amount += word
            } else if let code = Currency(word) {
                currency = code
            } else {
                throw wrong(field)
            }
        }
        if amount.contains(",") {
            let whole = amount.prefix { $0 != "." }.drop { $0 == "-" || $0 == "+" }
            let groups = whole.split(separator: ",", omittingEmptySubsequences: false)
            guard groups.count > 1, (1...3).contains(groups[0].count), groups.dropFirst().allSatisfy({ $0.count == 3 }) else { throw wrong(field) }
            amount = amount.replacing(",", with: "")
        }
        guard let money = Money(amount, currency) else { throw wrong(field) }
        return .money(money)
    }

    /// `YYYY-MM-DD`, `today`, or so many days from today: `-14d`, `+3d`.
    func day(_ text: String) -> Day? {
        if text == "today" { return transaction.today }
        if text.hasSuffix("d"), let days = Int(text.dropLast()) { return (-40_000...40_000).contains(days) ? transaction.today.adding(days: days) : nil }
        return Day(text)
    }

    private func hasZone(_ text: String) -> Bool {
        text.hasSuffix("Z") || text.hasSuffix("z") || text.dropFirst(16).contains { $0 == "+" || $0 == "-" }
    }

    /// A moment that was written without a zone, taken as the deployment's time.
    private func local(_ moment: Moment) -> Moment {
        let day = moment.day
        let start = transaction.settings.calendar.start(of: day)
        return Moment(milliseconds: start.milliseconds + moment.milliseconds - Moment(day).milliseconds)
    }

    private func reference(_ field: FieldModel, _ target: String, _ text: String) throws -> Int64 {
        if text == "me", target == "user", let user = transaction.actor.userID { return user }
        do {
            if let id = try transaction.resolve(target, text) { return id }
        } catch let error as CRMError where error.code == .invalid { throw problem(field, error.message) }
        let title = transaction.registry.entity(target)?.title.lowercased() ?? target
        throw problem(field, "there is no \(title) \"\(text.prefix(80))\"")
    }

    private func wrong(_ field: FieldModel) -> CRMError { problem(field, "must be " + field.type.word) }

    private func problem(_ field: FieldModel, _ message: String) -> CRMError {
        CRMError(.invalid, "\(field.name) \(message)", problems: [Problem(field: field.name, message)])
    }
}

extension JSONWriter {
    /// A whole document, as it was read.
    mutating func tree(_ json: JSONValue) {
        switch json {
        case .null: null()
        case .boolean(let flag): boolean(flag)
        case .number(let text): raw(text.utf8)
        case .string(let text): string(text)
        case .array(let items):
            beginArray()
            for item in items { tree(item) }
            endArray()
        case .object(let members):
            beginObject()
            for member in members {
                key(member.name)
                tree(member.value)
            }
            endObject()
        }
    }
}
