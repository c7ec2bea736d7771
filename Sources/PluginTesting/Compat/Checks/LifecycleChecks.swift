/// The end of the product and its beginning, the plugin switched off and on, and gone.
enum LifecycleChecks {
    static let all: [CompatCheck] = [
        CompatCheck("order-stable", "After a restart, the same listeners hear each hook in the same order, and the schema is the same.") { bench in
            let before = (hooks: try await bench.host.read("hooks")["data"], schema: try await bench.host.read("schema")["entities"])
            try await bench.host.restart()
            var findings: [String] = []
            if try await bench.host.read("hooks")["data"] != before.hooks { findings.append("the order of the hooks is another one") }
            if try await bench.host.read("schema")["entities"] != before.schema { findings.append("the schema is another one") }
            return findings
        },
        CompatCheck("disable-hides", "Switched off, nothing of the plugin is to be seen, and everything else answers.") { bench in
            try await bench.host.disable()
            var findings: [String?] = []
            for entity in bench.own {
                findings.append(try await bench.complaint("/api/v1/\(entity.path)", accepting: [404]))
                findings.append(try await bench.complaint("/admin/\(entity.path)", accepting: [404]))
            }
            for path in ["/admin", "/api/v1/schema", "/openapi.json", "/admin/settings"] { findings.append(try await bench.complaint(path)) }
            if try await bench.host.read("schema")["entities"].items.contains(where: { $0["plugin"].text == bench.plugin.id }) {
                findings.append("the schema still has entities of it")
            }
            try await bench.host.enable()
            return findings.compactMap(\.self)
        },
        CompatCheck("disable-enable-equal", "Switched off and on again, every record is the same, byte for byte.") { bench in
            let before = try await bench.exports()
            try await bench.host.disable()
            try await bench.host.enable()
            let after = try await bench.exports()
            return before.keys.sorted().filter { before[$0] != after[$0] }.map { "\($0) is not what it was" }
        },
    ]
}
