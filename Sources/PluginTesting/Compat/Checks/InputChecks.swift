/// Input that does not fit is refused with the name of the field.
enum InputChecks {
    static let all: [CompatCheck] = [
        CompatCheck("wrong-types-refused", "A value of the wrong type is refused with the field's name.") { bench in
            var findings: [String] = []
            for entity in bench.own where entity.rights.contains("edit") {
                let record = try await bench.record(entity)
                for field in entity.writable {
                    guard let wrong = wrong(field) else { continue }
                    let answer = try await bench.host.send("PATCH", "/api/v1/\(entity.path)/\(record["id"].text)", .object([.init(field.name, wrong)]))
                    findings += [bench.complaint(answer, about: "\(entity.name).\(field.name) = \(wrong)", shouldName: field.name)].compactMap(\.self)
                }
            }
            return findings
        },
        CompatCheck("required-named", "A record without a required field is refused with the field's name.") { bench in
            var findings: [String] = []
            for entity in bench.own where entity.rights.contains("create") {
                for field in entity.required where field.type != "boolean" && field.json["default"].isNull {
                    // With all else filled in; or with the least, where samples of other fields are refused before.
                    var complaint: String?
                    for others in [entity.writable, entity.required] {
                        let body = try await SampleMaker(bench: bench).fields(others.filter { $0.name != field.name }, of: entity)
                        let answer = try await bench.host.send("POST", "/api/v1/\(entity.path)", body)
                        complaint = bench.complaint(answer, about: "\(entity.name) without \(field.name)", shouldName: field.name)
                        if complaint == nil { break }
                    }
                    findings += [complaint].compactMap(\.self)
                }
            }
            return findings
        },
        CompatCheck("too-long-refused", "A text that is too long is refused with the field's name.") { bench in
            var findings: [String] = []
            for entity in bench.own where entity.rights.contains("edit") {
                let record = try await bench.record(entity)
                for field in entity.writable where field.type == "text" {
                    guard let most = field.maxLength else { continue }
                    let text = JSON(String(repeating: "x", count: most + 1))
                    let answer = try await bench.host.send("PATCH", "/api/v1/\(entity.path)/\(record["id"].text)", .object([.init(field.name, text)]))
                    findings += [bench.complaint(answer, about: "\(entity.name).\(field.name) with \(most + 1) characters", shouldName: field.name)].compactMap(\.self)
                }
            }
            return findings
        },
        CompatCheck("unknown-fields-refused", "A field that is not there is refused by its name.") { bench in
            var findings: [String] = []
            for entity in bench.own where entity.rights.contains("create") {
                let answer = try await bench.host.send("POST", "/api/v1/\(entity.path)", ["no_such_field": 1])
                findings += [bench.complaint(answer, about: "\(entity.name) with no_such_field", shouldName: "no_such_field")].compactMap(\.self)
            }
            return findings
        },
        CompatCheck("read-only-kept", "What people may not set stays as it is.") { bench in
            var findings: [String] = []
            for entity in bench.own where entity.rights.contains("edit") {
                let record = try await bench.record(entity)
                for field in entity.fields where !field.isWritable {
                    guard let other = other(field, than: record[field.name]) else { continue }
                    let answer = try await bench.host.send("PATCH", "/api/v1/\(entity.path)/\(record["id"].text)", .object([.init(field.name, other)]))
                    findings += [bench.complaint(answer, about: "\(entity.name).\(field.name), which is read-only,", shouldName: field.name)].compactMap(\.self)
                }
            }
            return findings
        },
    ]

    private static func wrong(_ field: CompatEntity.Field) -> JSON? {
        switch field.type {
        case "text": field.format == "email" ? "no address" : ["not": "a text"]
        case "integer", "decimal", "money": "many"
        case "boolean": "perhaps"
        case "day", "moment": "2026-13-45"
        case "choice": "no-such-option"
        case "reference": 999_999_999
        case "references": "nobody"
        default: nil
        }
    }

    private static func other(_ field: CompatEntity.Field, than value: JSON) -> JSON? {
        switch field.type {
        case "text": "another text"
        case "integer": 4711
        case "boolean": .boolean(!(value.bool ?? false))
        case "day": "1999-12-31"
        case "moment": "1999-12-31T23:59:00Z"
        case "choice": field.json["options"].items.map { $0["key"] }.first { $0 != value }
        default: nil
        }
    }
}
