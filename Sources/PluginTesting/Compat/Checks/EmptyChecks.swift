/// The product with the plugin, before anybody has made a record.
enum EmptyChecks {
    static let all: [CompatCheck] = [
        CompatCheck("empty-lists", "Every list answers in the web, in JSON and on the command line while it is empty.") { try await lists($0) },
        CompatCheck("empty-boards", "Every board answers while it is empty.") { try await boards($0) },
        CompatCheck("forms-open", "Every form opens, with a place for every field that people fill in.") { bench in
            var findings: [String] = []
            for entity in bench.own where entity.rights.contains("create") {
                let page = try await bench.host.page("/admin/\(entity.path)/new")
                for field in entity.writable where !field.isHidden && !page.contains("name=\"\(field.name)") {
                    findings.append("/admin/\(entity.path)/new has no place for \(field.name)")
                }
                let help = try await bench.host.tenon(entity.path, "add", "--help")
                if help.status != 0 { findings.append("`tenon \(entity.path) add --help` ends with \(help)") }
                for field in entity.required where !help.output.contains("--" + field.name.split(separator: "_").joined(separator: "-")) {
                    findings.append("`tenon \(entity.path) add --help` does not name \(field.name)")
                }
            }
            return findings
        },
        CompatCheck("home-answers", "The home page, the settings and the plugin's own page answer.") { bench in
            var findings: [String] = []
            for path in ["/admin", "/admin/settings", "/admin/plugins/\(bench.plugin.id)", "/admin/roles"] {
                if let complaint = try await bench.complaint(path) { findings.append(complaint) }
            }
            return findings
        },
    ]

    static func lists(_ bench: CompatBench) async throws -> [String] {
        var findings: [String?] = []
        for entity in bench.own {
            findings.append(try await bench.complaint("/api/v1/\(entity.path)?count=true"))
            findings.append(try await bench.complaint("/admin/\(entity.path)"))
            findings.append(try await bench.complaint(command: [entity.path, "list"]))
        }
        return findings.compactMap(\.self)
    }

    static func boards(_ bench: CompatBench) async throws -> [String] {
        var findings: [String?] = []
        for entity in bench.own where entity.hasBoard {
            findings.append(try await bench.complaint("/api/v1/\(entity.path)/board"))
            findings.append(try await bench.complaint("/admin/\(entity.path)/board"))
        }
        return findings.compactMap(\.self)
    }
}
