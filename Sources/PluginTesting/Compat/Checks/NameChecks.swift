/// Words that people see, and names that must mean something.
enum NameChecks {
    static let all: [CompatCheck] = [
        CompatCheck("labels", "Everything that people see has words on it.") { bench in
            var findings: [String] = []
            func need(_ text: String, _ what: String) {
                if text.allSatisfy(\.isWhitespace) { findings.append("\(what) has no words") }
            }
            for entity in bench.own {
                need(entity.title, "the entity \(entity.name)")
                need(entity.json["plural_title"].text, "the plural of \(entity.name)")
                for field in entity.fields {
                    need(field.label, "the field \(entity.name).\(field.name)")
                    for option in field.json["options"].items {
                        need(option["label"].text, "the option \(option["key"].text) of \(entity.name).\(field.name)")
                    }
                }
                for preset in entity.presets { need(preset["title"].text, "a view of \(entity.name)") }
                for action in entity.actions {
                    need(action["title"].text, "the action \(action["name"].text) of \(entity.name)")
                    for field in action["fields"].items {
                        need(field["label"].text, "the field \(field["name"].text) of the action \(action["name"].text)")
                    }
                }
            }
            for metric in try await bench.metrics() { need(metric["title"].text, "the metric \(metric["key"].text)") }
            for setting in try await bench.settings() { need(setting["label"].text, "the setting \(setting["key"].text)") }
            return findings
        },
        CompatCheck("actions-explained", "Every action and every hook says in a sentence what it is about.") { bench in
            var findings: [String] = []
            for entity in bench.own {
                for action in entity.actions where bench.adds["actions"].texts.contains("\(entity.name).\(action["name"].text)") {
                    if action["summary"].text.isEmpty { findings.append("the action \(action["name"].text) of \(entity.name) has no summary") }
                }
            }
            let hooks = bench.adds["hooks"].texts
            for hook in try await bench.host.read("hooks")["data"].items where hooks.contains(hook["name"].text) {
                if hook["summary"].text.isEmpty { findings.append("the hook \(hook["name"].text) has no summary") }
            }
            return findings
        },
        CompatCheck("views-fit", "Lists, filters, sections and views name fields that are there.") { bench in
            var findings: [String] = []
            for entity in bench.own {
                let names = Set(entity.fields.map(\.name))
                let sort = entity.json["list"]["sort"].text
                let used: [(String, [String])] = [
                    ("the list", entity.columns), ("the filters", entity.filters), ("the order", [sort.hasPrefix("-") ? String(sort.dropFirst()) : sort]),
                    ("the sections", entity.json["sections"].items.flatMap { $0["fields"].texts }), ("the label", [entity.labelField]),
                ]
                for (what, fields) in used {
                    for field in fields where !names.contains(field) && field != "id" {
                        findings.append("\(what) of \(entity.name) names \(field), which is not a field of it")
                    }
                }
                for preset in entity.presets where !preset["query"].isNull {
                    if let complaint = try await bench.complaint("/api/v1/\(entity.path)?\(preset["query"].text)") { findings.append(complaint) }
                }
            }
            return findings
        },
        CompatCheck("described", "The description of the API has every entity and every action.") { bench in
            let paths = Set(try await bench.host.get("/openapi.json").json["paths"].members.map(\.name))
            return bench.own.flatMap { entity in
                let wanted = ["/api/v1/\(entity.path)", "/api/v1/\(entity.path)/{id}"]
                    + entity.actions.map { "/api/v1/\(entity.path)/{id}/actions/\($0["name"].text)" }
                return wanted.filter { !paths.contains($0) }.map { "/openapi.json does not have \($0)" }
            }
        },
    ]
}

extension CompatBench {
    func metrics() async throws -> [JSON] { try await host.read("metrics")["data"].items.filter { $0["plugin"].text == plugin.id } }
    func settings() async throws -> [JSON] { try await host.read("settings")["data"].items.filter { $0["plugin"].text == plugin.id } }
}
