import PluginAPI

/// A day on which somebody goes to see a company.
enum Visit: Entity {
    static let subject = Field<String>("subject", .maxLength(200), .searchable)
    static let company = Field<Reference<Company>>("company")
    static let day = Field<Day>("day", .indexed)
    static let owner = Field<Reference<User>?>("assigned_to", .owner, .label("Visitor"))
    static let state = Field<VisitState>("state", .byDefault(VisitState.planned), .readOnly)
    static let report = Field<String?>("report", .multiline)

    static let schema = Schema("visit", subject, company, day, owner, state, report).icon("flag").group("Sales")
}

enum VisitState: String, Choice {
    case planned, done

    var color: String { self == .done ? "#2e7d32" : "#1565c0" }
}

/// As much of another plugin's companies as visits need: the kernel checks that it is there, in this form.
enum Company: ForeignEntity {
    static let name = Field<String>("name")
    static let schema = Schema("company", name)
}
