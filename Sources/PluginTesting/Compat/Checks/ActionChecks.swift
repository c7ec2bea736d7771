/// What can be done with a record.
enum ActionChecks {
    static let all: [CompatCheck] = [
        CompatCheck("action-forms-open", "Every action's form opens in the web, in JSON and as help on the command line.") { bench in
            try await each(bench) { entity, action, id in
                var findings: [String?] = []
                // 409: not for this record now.
                findings.append(try await bench.complaint("/api/v1/\(entity.path)/\(id)/actions/\(action)", accepting: [200, 409]))
                findings.append(try await bench.complaint("/admin/\(entity.path)/\(id)/actions/\(action)", accepting: [200, 409]))
                findings.append(try await bench.complaint(command: [entity.path, action, "--help"]))
                return findings.compactMap(\.self)
            }
        },
        CompatCheck("unknown-action-input-refused", "Input that an action does not ask for is refused by its name.") { bench in
            try await each(bench) { entity, action, id in
                let answer = try await bench.host.send("POST", "/api/v1/\(entity.path)/\(id)/actions/\(action)", ["no_such_input": 1])
                return [bench.complaint(answer, about: "\(action) with no_such_input", shouldName: "no_such_input")].compactMap(\.self)
            }
        },
        CompatCheck("actions-answer", "Every action does its work or says what is wrong by field; none fails.") { bench in
            var findings: [String] = []
            for entity in bench.makeable {
                for action in entity.actions {
                    let fields = action["fields"].items.map(CompatEntity.Field.init)
                    let name = action["name"].text
                    for input in [[:], try await SampleMaker(bench: bench).fields(fields, of: entity)] as [JSON] {
                        let record = try await bench.make(entity)
                        let answer = try await bench.host.send("POST", "/api/v1/\(entity.path)/\(record["id"].text)/actions/\(name)", input)
                        let refusal = Refusal(answer)
                        if answer.status >= 500 { findings.append("\(name) of \(entity.name) with \(input) fails: \(refusal)") }
                        let known = Set(fields.map(\.name)).union(entity.fields.map(\.name))
                        if answer.status == 422, refusal.fields.isEmpty || !refusal.fields.allSatisfy(known.contains) {
                            findings.append("\(name) of \(entity.name) with \(input) is refused without a field: \(refusal)")
                        }
                        bench.forget(entity, record)
                    }
                }
            }
            return findings
        },
    ]

    private static func each(
        _ bench: CompatBench, _ body: (CompatEntity, _ action: String, _ id: String) async throws -> [String]
    ) async throws -> [String] {
        var findings: [String] = []
        for entity in bench.makeable {
            let id = try await bench.record(entity)["id"].text
            for action in entity.actions { findings += try await body(entity, action["name"].text, id) }
        }
        return findings
    }
}
