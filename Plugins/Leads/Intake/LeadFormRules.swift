import PluginAPI

/// What holds for forms: their fields are there, their addresses cannot be guessed.
enum LeadFormRules {
    /// 128 random bits: long enough that nobody finds a form by trying, short enough for an address.
    static func makeKey(_ transaction: Transaction) throws -> String { Seal.hex(try transaction.randomBytes(16)) }

    @Sendable static func prepare(_ change: inout Change<LeadForm>, _ transaction: Transaction) throws {
        if change.isNew || change.new[LeadForm.key].isEmpty {
            change.new[LeadForm.key] = try makeKey(transaction)
            change.new[LeadForm.secret] = Seal.hex(try transaction.randomBytes(32))
        }
        let form = change.new
        let known = try LeadFields.fillable(transaction)
        let listed = LeadFields.names(form[LeadForm.fields])
        var problems: [Problem] = []
        if listed.isEmpty { problems.append(Problem(LeadForm.fields, "names no field")) }
        for name in listed where !known.contains(where: { $0.name == name }) {
            problems.append(Problem(LeadForm.fields, "names \(name), which visitors cannot fill in"))
        }
        for name in LeadFields.names(form[LeadForm.required]) where !listed.contains(name) {
            problems.append(Problem(LeadForm.required, "names \(name), which is not on the form"))
        }
        let labels = FieldMapping(form[LeadForm.labels])
        if let wrong = labels.wrong { problems.append(Problem(LeadForm.labels, "has a line without =: \(wrong)")) }
        for pair in labels.pairs where !listed.contains(pair.left) {
            problems.append(Problem(LeadForm.labels, "names \(pair.left), which is not on the form"))
        }
        guard problems.isEmpty else { throw CRMError(.invalid, "the form cannot be saved as it is", problems: problems) }
    }

    @Sendable static func problems(_ form: Record<LeadForm>) -> [Problem] {
        var problems: [Problem] = []
        if let redirect = form[LeadForm.redirect], WebOrigin(redirect) == nil {
            problems.append(Problem(LeadForm.redirect, "must be an address with http or https"))
        }
        for line in lines(form[LeadForm.origins]) where WebOrigin(line) == nil {
            problems.append(Problem(LeadForm.origins, "has \(line), which is not a site such as https://www.example.com"))
        }
        return problems
    }

    static func lines(_ text: String?) -> [String] {
        (text ?? "").split(whereSeparator: { $0.isNewline || $0 == "," }).map { String($0).trimmedSpaces }.filter { !$0.isEmpty }
    }

    static func origins(_ form: Record<LeadForm>) -> [WebOrigin] { lines(form[LeadForm.origins]).compactMap { WebOrigin($0) } }
}

extension String {
    var trimmedSpaces: String {
        let isSpace: (Character) -> Bool = { $0.isWhitespace }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(self[first...last])
    }
}
