import PluginAPI

/// What somebody outside sent: texts by name, in order.
struct Submission: Sendable {
    struct Entry: Sendable, Hashable {
        var name: String
        var text: String
    }
    var entries: [Entry] = []

    subscript(name: String) -> String? { entries.last { $0.name == name }?.text }

    mutating func add(_ name: String, _ text: String) {
        if !text.trimmedSpaces.isEmpty { entries.append(Entry(name: name, text: text)) }
    }

    /// As people read and mend it: a line each, `contact_name: Ada Falk`; further lines of a text are indented.
    var text: String {
        entries.map { entry in
            let lines = entry.text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            return entry.name + ": " + lines.joined(separator: "\n  ")
        }.joined(separator: "\n")
    }

    init(_ entries: [Entry] = []) { self.entries = entries }

    /// Reads ``text``.
    init(text: String) {
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            if line.hasPrefix("  "), !entries.isEmpty {
                entries[entries.count - 1].text += "\n" + line.dropFirst(2)
            } else if let colon = line.firstIndex(of: ":") {
                let rest = line[line.index(after: colon)...]
                entries.append(Entry(name: String(line[..<colon]).trimmedSpaces, text: String(rest.first == " " ? rest.dropFirst() : rest)))
            }
        }
    }

    /// Who it is from, as far as it says.
    var sender: String {
        let names = [Lead.contactName.name, "full_name", Lead.companyName.name, "company_name", Lead.email.name, "email", Lead.phone.name, "phone_number"]
        return names.lazy.compactMap { self[$0] }.first { !$0.trimmedSpaces.isEmpty }.map { String($0.trimmedSpaces.prefix(120)) } ?? ""
    }
}

/// How what was sent becomes a lead: from a form, a key or an advertisement.
struct Intake: Sendable {
    /// Stands in the title of a lead that got none.
    var name: String
    /// The fields that may be written; nil for all that people fill in.
    var fields: [String]?
    /// Which question fills which field; those that fill none stand in the description.
    var mapping: FieldMapping?
    var source: Reference<LeadSource>?
    var campaign: String?
    var assignTo: Reference<User>?
    var form: Reference<LeadForm>?

    init(_ form: Record<LeadForm>) {
        name = form[LeadForm.name]
        fields = LeadFields.names(form[LeadForm.fields])
        source = form[LeadForm.source]
        campaign = form[LeadForm.campaign]
        assignTo = form[LeadForm.assignTo]
        self.form = Reference(form.id)
    }

    init(name: String) { self.name = name }

    static let reason = "What people outside send becomes a lead by the rules of its form; they have no rights of their own."

    /// Makes the lead. Throws what stands against it, with all problems of its fields.
    @discardableResult
    func accept(_ submission: Submission, _ transaction: Transaction) throws -> Record<Lead> {
        let all = transaction.elevated(for: Intake.reason)
        let values = try values(of: submission, all)
        if case .text(let email)? = values.first(where: { $0.name == Lead.email.name })?.value,
            let other = try all.first(Lead.self, where: Lead.email == email && Lead.outcome == .open)
        {
            throw CRMError(
                .refused, "the open lead \(other.id), \(other[Lead.title]), has this e-mail address already",
                hint: "Add what was sent to that lead, or close it and retry.")
        }
        return try all.insert(Lead.self) { lead in
            for (name, value) in values { lead[name] = value }
            if lead[Lead.title].trimmedSpaces.isEmpty {
                let sender = submission.sender
                lead[Lead.title] = String((sender.isEmpty ? name : "\(name): \(sender)").prefix(200))
            }
            if lead[Lead.source] == nil { lead[Lead.source] = source }
            if let campaign { lead[Lead.campaign] = campaign }
            if let assignTo { lead[Lead.owner] = assignTo }
            lead[Lead.form] = form
        }
    }

    /// What fills the lead's fields, all problems at once. Nothing outside of the form's fields is among it.
    private func values(of submission: Submission, _ transaction: Transaction) throws -> [(name: String, value: Value)] {
        let known = try LeadFields.fillable(transaction).map(\.name)
        let allowed = Set(fields.map { fields in known.filter(fields.contains) } ?? known)
        var values: [(String, Value)] = []
        var problems: [Problem] = []
        for entry in mapped(submission, allowed) {
            guard allowed.contains(entry.name) else { continue }
            do {
                values.append((entry.name, try transaction.value(of: entry.text, for: entry.name, of: Lead.self)))
            } catch let error as CRMError where !error.problems.isEmpty { problems += error.problems }
        }
        guard problems.isEmpty else { throw CRMError(.invalid, "some fields need another look", problems: problems) }
        return values
    }

    /// The entries by the names of fields.
    private func mapped(_ submission: Submission, _ allowed: Set<String>) -> [Submission.Entry] {
        guard let mapping else { return submission.entries }
        var found = Submission()
        var rest: [String] = []
        for entry in submission.entries {
            guard let field = mapping[entry.name], allowed.contains(field) else {
                rest.append("\(entry.name.readable): \(entry.text)")
                continue
            }
            if let place = found.entries.firstIndex(where: { $0.name == field }) {
                let separator = field == Lead.description.name ? "\n" : " "
                found.entries[place].text += separator + entry.text
            } else {
                found.entries.append(.init(name: field, text: entry.text))
            }
        }
        if !rest.isEmpty {
            let text = rest.joined(separator: "\n")
            if let place = found.entries.firstIndex(where: { $0.name == Lead.description.name }) {
                found.entries[place].text += "\n" + text
            } else {
                found.entries.append(.init(name: Lead.description.name, text: text))
            }
        }
        return found.entries
    }
}
