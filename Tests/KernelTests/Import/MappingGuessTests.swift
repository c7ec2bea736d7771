import Testing

@testable import Kernel

@Suite("Guessing which column fills which field")
struct MappingGuessTests {
    private let person: [ImportField] = [
        ImportField("name", label: "Name"),
        ImportField("email", label: "E-mail", kind: .email),
        ImportField("phone", label: "Phone", kind: .phone),
        ImportField("postal_code", label: "Postal code"),
        ImportField("created_at", label: "Created", kind: .moment),
        ImportField("assigned_to", label: "Assigned to", kind: .reference),
        ImportField("active", label: "Active", kind: .boolean),
    ]

    private func map(_ headers: [String], _ fields: [ImportField], samples: [String: [String]] = [:], entity: [String] = []) -> [String: String] {
        let columns: [ImportColumn] = headers.map { ImportColumn(header: $0, samples: samples[$0] ?? []) }
        var result: [String: String] = [:]
        for suggestion in MappingGuess.suggest(columns: columns, fields: fields, entityNames: entity) {
            result[headers[suggestion.column]] = suggestion.field
        }
        return result
    }

    @Test("case, spaces, underscores and humps make no difference", arguments: [
        "postal_code", "Postal Code", "postalCode", "POSTAL-CODE", "PostalCode", "postalcode",
    ])
    func spelling(header: String) {
        #expect(map([header], person) == [header: "postal_code"])
    }

    @Test("words that mean the same are the same", arguments: [
        ("E-Mail Address", "email"), ("mail", "email"), ("Tel.", "phone"), ("Telephone Number", "phone"), ("ZIP", "postal_code"),
        ("Postcode", "postal_code"), ("Create Date", "created_at"), ("Owner", "assigned_to"), ("Agent", "assigned_to"),
        ("Full Name", "name"), ("is_active", "active"),
        ("E-Mail-Adresse", "email"), ("Telefon", "phone"), ("PLZ", "postal_code"), ("Postleitzahl", "postal_code"),
        ("Angelegt am", "created_at"), ("Zuständig", "assigned_to"), ("ZUSTÄNDIG", "assigned_to"), ("Zustaendig", "assigned_to"), ("Aktiv", "active"),
    ])
    func synonyms(header: String, field: String) {
        #expect(map([header], person) == [header: field])
    }

    @Test("German headings are known, with and without their own letters", arguments: [
        ("Straße", "street"), ("Strasse", "street"), ("Straße und Hausnummer", "street"), ("Ort", "city"), ("Stadt", "city"), ("Land", "country"),
        ("Bundesland", "state"), ("Branche", "industry"), ("Bemerkung", "description"), ("Notiz", "description"), ("Wert", "value"),
        ("Betrag", "value"), ("Quelle", "source"), ("Funktion", "position"),
    ])
    func german(header: String, field: String) {
        let names: [String] = ["street", "city", "country", "state", "industry", "description", "value", "source", "position"]
        #expect(map([header], names.map { ImportField($0, label: $0) }) == [header: field])
    }

    @Test("a slip of the pen is forgiven, another word is not")
    func slips() {
        #expect(map(["Adress"], [ImportField("address", label: "Address")]) == ["Adress": "address"])
        #expect(map(["postl_code"], person) == ["postl_code": "postal_code"])
        #expect(map(["Favourite colour"], person).isEmpty)
    }

    @Test("no field is filled twice, and the surer column wins")
    func oneToOne() {
        #expect(map(["Work mail", "Email", "Mobile"], person)["Email"] == "email")
        #expect(Set(map(["Email", "E-mail", "mail"], person).values).count == 1)
    }

    @Test("the values can speak against a name, and for a column without one")
    func values() {
        let samples: [String: [String]] = ["Contact": ["a@b.org", "c@d.net", ""], "Mail sent": ["yes", "no"]]
        #expect(map(["Contact", "Mail sent"], person, samples: samples) == ["Contact": "email"])
    }

    @Test("an exact name with unsuitable values is proposed with doubt")
    func doubt() throws {
        let columns: [ImportColumn] = [ImportColumn(header: "email", samples: ["none", "see notes", "?"])]
        let suggestion: MappingGuess.Suggestion = try #require(MappingGuess.suggest(columns: columns, fields: person).first)
        #expect(suggestion.confidence < 0.8)
    }

    @Test("aliases and the entity's own name carry a real file", .enabled(if: SampleData.isThere))
    func realFile() throws {
        let fields: [ImportField] = [
            ImportField("title", label: "Title", aliases: ["opportunity id"]),
            ImportField("value", label: "Value", aliases: ["close value"], kind: .money),
            ImportField("expected_close_date", label: "Expected close date", kind: .date),
            ImportField("actual_close_date", label: "Actual close date", aliases: ["close date"], kind: .date),
            ImportField("stage", label: "Stage", kind: .reference),
            ImportField("company", label: "Company", aliases: ["account"], kind: .reference),
            ImportField("assigned_to", label: "Assigned to", kind: .reference),
        ]
        var reader = try CSVReader(.file(SampleData.path("maven-crm/sales_pipeline.csv")))
        let header: [String] = try reader.readHeader()
        var samples: [[String]] = header.map { _ in [] }
        var row = CSVRow()
        while try reader.next(&row), row.line < 50 {
            for column in header.indices { samples[column].append(row[column]) }
        }
        let columns: [ImportColumn] = zip(header, samples).map { ImportColumn(header: $0, samples: $1) }
        let suggestions = MappingGuess.suggest(columns: columns, fields: fields, entityNames: ["deal", "deals"])
        var mapping: [String: String] = [:]
        for suggestion in suggestions { mapping[header[suggestion.column]] = suggestion.field }
        #expect(mapping == [
            "opportunity_id": "title", "sales_agent": "assigned_to", "account": "company", "deal_stage": "stage",
            "close_date": "actual_close_date", "close_value": "value",
        ])
    }

    @Test("the edit distance counts changes, gaps and swaps", arguments: [
        ("", "", 0), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3), ("adress", "address", 1), ("", "ab", 2),
    ])
    func editDistance(a: String, b: String, expected: Int) {
        #expect(EditDistance.distance(a, b) == expected)
        #expect(EditDistance.distance(b, a) == expected)
    }
}
