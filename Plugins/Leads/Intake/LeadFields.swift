import PluginAPI

/// The fields of a lead that come from outside: those that people fill in, without what decides about the lead.
enum LeadFields {
    /// Where a lead stands and who works on it, nobody outside decides.
    static let decided: [String] = ["status", "outcome", "lost_reason", "assigned_to", "score", "campaign", "lead_form", "next_follow_up"]
    /// The lists of options that may be shown to everyone. What other fields point at, people and records of all kinds, nobody outside
    /// gets to choose from.
    static let open: [String] = ["lead_source"]
    /// Names of those fields, as a setting of a form or a key.
    static let rule: FieldRule = .fieldNames(of: Lead.self, besides: decided, pointingAt: open)

    /// In the order of the lead, those that administrators made included.
    static func fillable(_ transaction: Transaction) throws -> [FieldDescription] {
        let all = try transaction.elevated(for: "Forms show every field that a lead has.").fields(of: Lead.self)
        return all.filter { field in
            if field.isReadOnly || field.isHidden || field.isSecret || field.isOwner || decided.contains(field.name) { return false }
            switch field.kind {
            case .reference(let target): return open.contains(target)
            case .references, .json: return false
            default: return true
            }
        }
    }

    /// Reads `contact_name, contact_email`.
    static func names(_ text: String?) -> [String] {
        var names: [String] = []
        for piece in (text ?? "").split(whereSeparator: { $0 == "," || $0.isWhitespace }) where !names.contains(String(piece)) {
            names.append(String(piece))
        }
        return names
    }

    /// What can be chosen for a field that points at an option, by its id.
    static func choices(_ field: FieldDescription, _ transaction: Transaction) throws -> [ChoiceOption] {
        guard case .reference(let target) = field.kind else { return [] }
        let all = transaction.elevated(for: "A form offers the options of its fields.")
        let records = try all.byName.all(target, where: .everything, sort: [Sort(field: "name", descending: false)], limit: 200)
        return records.compactMap { record in
            if record["active"] == .boolean(false) { return nil }
            guard case .text(let label) = record["name"] else { return nil }
            return ChoiceOption(String(record.id.raw), label: label)
        }
    }

    /// What browsers know about visitors.
    static func autocomplete(_ name: String) -> String {
        switch name {
        case Lead.contactName.name: "name"
        case Lead.email.name: "email"
        case Lead.phone.name: "tel"
        case Lead.companyName.name: "organization"
        default: "off"
        }
    }
}

/// Lines such as `full_name = contact_name`.
struct FieldMapping {
    var pairs: [(left: String, right: String)] = []
    /// The first line that is none.
    var wrong: String?

    init(_ text: String?) {
        for line in (text ?? "").split(whereSeparator: \.isNewline) where !String(line).trimmedSpaces.isEmpty {
            let parts = line.split(separator: "=", maxSplits: 1).map { String($0).trimmedSpaces }
            if parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty {
                pairs.append((parts[0], parts[1]))
            } else if wrong == nil {
                wrong = String(line).trimmedSpaces
            }
        }
    }

    /// What stands right of a name, without regard to case.
    subscript(left: String) -> String? { pairs.last { $0.left.lowercased() == left.lowercased() }?.right }
}
