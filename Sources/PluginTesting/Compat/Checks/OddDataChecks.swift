/// Data as people really have it.
enum OddDataChecks {
    static let all: [CompatCheck] = [
        CompatCheck("odd-texts", "Emoji, text from right to left, markup, and the longest text are stored as they are, or refused by field.") { bench in
            try await each(bench) { field in
                guard field.isFreeText else { return [] }
                let most = field.maxLength ?? 200
                let texts = ["🦊 👩‍👩‍👧‍👦 ✅", "שלום עולם · مرحبا", "<b>\"bold\" & 'it'</b>", "=1+1", "  spaces  ", String(repeating: "ä", count: most)]
                return texts.filter { $0.count <= most }.map { JSON($0) }
            }
        },
        CompatCheck("odd-numbers", "Zero, negative and very large numbers and far days are stored as they are, or refused by field.") { bench in
            try await each(bench) { field in
                switch field.type {
                case "integer": [0, -1, 9_007_199_254_740_993]
                case "decimal": ["0", "-1", "123456789"]
                case "money": [["amount": "0", "currency": .string(bench.currency)], ["amount": "-0.01", "currency": .string(bench.currency)], ["amount": "99999999999.99", "currency": .string(bench.currency)]]
                case "day": ["0001-01-01", "9999-12-31", "2024-02-29"]
                case "moment": ["1970-01-01T00:00:00Z", "2100-12-31T23:59:59Z"]
                default: []
                }
            }
        },
        CompatCheck("empty-values", "What is not required may be empty, or is refused by field.") { bench in
            try await each(bench) { field in field.isRequired ? [] : [field.type == "references" ? [] : nil] }
        },
        CompatCheck("odd-data-shown", "Lists, boards, pages and commands show odd data, and markup in it stays text.") { bench in
            var findings = try await RecordChecks.details(bench) + EmptyChecks.lists(bench) + EmptyChecks.boards(bench)
            for entity in bench.makeable {
                let id = try await bench.record(entity)["id"].text
                for path in ["/admin/\(entity.path)", "/admin/\(entity.path)/\(id)"] where try await bench.host.page(path).contains("<b>\"bold\"") {
                    findings.append("\(path) shows markup of a record's text as markup")
                }
            }
            return findings
        },
    ]

    /// Stores values in each field of a record of its own, looks at the pages, and leaves the last ones there.
    private static func each(_ bench: CompatBench, _ values: @Sendable (CompatEntity.Field) -> [JSON]) async throws -> [String] {
        var findings: [String] = []
        for entity in bench.own where entity.rights.contains("edit") && entity.rights.contains("create") {
            let record = try await bench.make(entity)
            for field in entity.writable {
                for value in values(field) {
                    let path = "/api/v1/\(entity.path)/\(record["id"].text)"
                    let answer = try await bench.host.send("PATCH", path, .object([.init(field.name, value)]))
                    if answer.isSuccess {
                        if field.type == "text", let stored = try? answer.json[field.name], !stored.isNull, stored.text.trimmed != value.text.trimmed {
                            findings.append("\(entity.name).\(field.name) = \(value) is stored as \(stored)")
                        }
                        continue
                    }
                    let refusal = Refusal(answer)
                    let names = Set(entity.fields.map(\.name))
                    if answer.status != 422 || refusal.fields.isEmpty || !refusal.fields.allSatisfy(names.contains) {
                        findings.append("\(entity.name).\(field.name) = \(value.description.prefix(80)) is refused without a field: \(refusal)")
                    }
                }
            }
            for path in ["/admin/\(entity.path)/\(record["id"].text)", "/admin/\(entity.path)"] {
                if let complaint = try await bench.complaint(path) { findings.append(complaint) }
            }
        }
        return findings
    }
}
