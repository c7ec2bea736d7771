/// The fronts with records in them.
enum RecordChecks {
    static let all: [CompatCheck] = [
        CompatCheck("samples-stored", "A record of every entity can be stored, and comes back as it was sent.") { bench in
            var findings: [String] = []
            for entity in bench.own where entity.rights.contains("create") {
                do {
                    let record = try await bench.record(entity)
                    let again = try await bench.host.show(entity.path, record["id"])
                    for field in entity.writable where again[field.name] != record[field.name] {
                        findings.append("\(entity.name).\(field.name) was \(record[field.name]) and is read as \(again[field.name])")
                    }
                } catch { findings.append(String(describing: error)) }
            }
            return findings
        },
        CompatCheck("smallest-record", "A record with nothing but its required fields can be stored.") { bench in
            var findings: [String] = []
            for entity in bench.own where entity.rights.contains("create") {
                let body = try await SampleMaker(bench: bench).fields(entity.required, of: entity)
                let response = try await bench.host.send("POST", "/api/v1/\(entity.path)", body)
                guard !response.isSuccess else { continue }
                let refusal = Refusal(response)
                // A rule may want one of several; it says which by field.
                if response.status != 422 || refusal.fields.isEmpty { findings.append("\(entity.path) with \(body): \(refusal)") }
            }
            return findings
        },
        CompatCheck("details-answer", "Every record's page, document, timeline and command answer.") { try await details($0) },
        CompatCheck("lists-answer", "Every list answers in the web, in JSON and on the command line, with each of its columns as order.") { bench in
            var findings = try await EmptyChecks.lists(bench)
            for entity in bench.own {
                for column in entity.columns + ["id"] {
                    for sort in [column, "-" + column] {
                        if let complaint = try await bench.complaint("/api/v1/\(entity.path)?sort=\(sort)&limit=2") { findings.append(complaint) }
                    }
                }
            }
            return findings
        },
        CompatCheck("boards-answer", "Every board answers with cards on it.") { try await EmptyChecks.boards($0) },
        CompatCheck("filters-answer", "Every filter answers in the web and in JSON, and finds the records that have its value.") { bench in
            var findings: [String] = []
            for entity in bench.makeable {
                let record = try await bench.record(entity)
                for filter in entity.filters where !record[filter].text.isEmpty {
                    let query = "\(filter)=\(record[filter].text.percentEncoded)"
                    if let complaint = try await bench.complaint("/admin/\(entity.path)?\(query)") { findings.append(complaint) }
                    let found = try await bench.host.list(entity.path, query)
                    if !found.contains(where: { $0["id"] == record["id"] }) { findings.append("/api/v1/\(entity.path)?\(query) does not find the record \(record["id"])") }
                }
            }
            return findings
        },
        CompatCheck("search-finds", "What is searchable is found by search.") { bench in
            var findings: [String] = []
            for entity in bench.makeable {
                let record = try await bench.record(entity)
                for field in entity.fields where field.isSearchable && record[field.name].text.count >= 3 {
                    let words = record[field.name].text
                    let found = try await bench.host.list(entity.path, "q=\(words.percentEncoded)")
                    if !found.contains(where: { $0["id"] == record["id"] }) { findings.append("\(entity.path): a search for “\(words)” (\(field.name)) does not find it") }
                }
            }
            return findings
        },
        CompatCheck("web-stores", "A record can be made with the form in the web.") { bench in
            var findings: [String] = []
            for entity in bench.own where entity.rights.contains("create") {
                let body = try await SampleMaker(bench: bench).fields(entity.writable.filter { !$0.isHidden && $0.type != "references" }, of: entity)
                let answer = try await bench.host.submit("/admin/\(entity.path)/new", body)
                if ![302, 303].contains(answer.status) && answer.status != 422 { findings.append("the form of \(entity.path) answers with \(answer.status)") }
            }
            return findings
        },
        CompatCheck("commands-store", "A record can be made and shown on the command line.") { bench in
            var findings: [String] = []
            for entity in bench.own where entity.rights.contains("create") {
                let body = try await SampleMaker(bench: bench).fields(entity.required, of: entity)
                var command = [entity.path, "add"]
                for member in body.members {
                    let value = member.value["amount"].text.isEmpty ? member.value.text : member.value["amount"].text + " " + member.value["currency"].text
                    guard !value.isEmpty else { continue }
                    command += ["--" + member.name.split(separator: "_").joined(separator: "-"), value]
                }
                let run = try await bench.host.tenon(command + ["--json"])
                // 65 and the field's name: a rule of the plugin wants more than what is required.
                if run.status != 0, !entity.writable.contains(where: { run.errors.contains($0.name) }) {
                    findings.append("`tenon \(command.joined(separator: " "))` ends with \(run)")
                }
            }
            return findings
        },
        CompatCheck("exports", "Every list can be written to a file, with all records and all columns.") { bench in
            var findings: [String] = []
            for entity in bench.own where entity.rights.contains("export") {
                let total = try await bench.host.read("\(entity.path)?count=true&limit=1")["total"].int ?? -1
                let rows = try await bench.host.get("/api/v1/\(entity.path)/export?format=json").json.items.count
                if rows != total { findings.append("\(entity.path) has \(total) records, and its file \(rows)") }
                let head = try await bench.host.get("/api/v1/\(entity.path)/export?format=csv").text.prefix { !$0.isNewline }
                let columns = Set(head.split(separator: ",").map { $0.filter { $0 != "\"" && $0 != "\u{FEFF}" } })
                for field in entity.fields where !columns.contains(field.name) { findings.append("the file of \(entity.path) has no column \(field.name)") }
            }
            return findings
        },
    ]

    static func details(_ bench: CompatBench) async throws -> [String] {
        var findings: [String?] = []
        for entity in bench.makeable {
            let id = try await bench.record(entity)["id"].text
            findings.append(try await bench.complaint("/api/v1/\(entity.path)/\(id)"))
            findings.append(try await bench.complaint("/api/v1/\(entity.path)/\(id)/timeline"))
            findings.append(try await bench.complaint("/admin/\(entity.path)/\(id)"))
            if entity.rights.contains("edit") { findings.append(try await bench.complaint("/admin/\(entity.path)/\(id)/edit")) }
            findings.append(try await bench.complaint(command: [entity.path, "show", id]))
        }
        return findings.compactMap(\.self)
    }
}
