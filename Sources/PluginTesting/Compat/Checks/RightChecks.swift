/// Who may do what.
enum RightChecks {
    static let all: [CompatCheck] = [
        CompatCheck("rights-grantable", "Every right can be given to a role, and is then in its matrix.") { bench in
            var entities: [JSON.Member] = []
            for entity in bench.own { entities.append(.init(entity.name, .object(entity.rights.map { .init($0, "all") }))) }
            let grants: JSON = ["everything": false, "specials": [], "entities": .object(entities), "masks": [:]]
            let role = try await bench.host.create("roles", ["name": "All of the plugin's rights", "grants": grants])
            let matrix = try await bench.host.read("roles/matrix")["roles"].items.first { $0["id"] == role["id"] } ?? .null
            return bench.own.flatMap { entity in
                entity.rights.filter { matrix["entities"][entity.name][$0].text != "all" }.map { "\($0) on \(entity.name) cannot be given" }
            }
        },
        CompatCheck("somebody-may", "Every entity can be seen by some role that comes with the product, besides administrators.") { bench in
            let roles = try await bench.host.read("roles/matrix")["roles"].items.filter {
                !($0["everything"].bool ?? false) && !["", "administrator"].contains($0["key"].text)
            }
            return bench.own.filter { entity in !roles.contains { !$0["entities"][entity.name]["view"].isNull } }
                .map { "nobody but administrators may see \($0.json["plural_title"].text.lowercased())" }
        },
        CompatCheck("deny-by-default", "Whoever has no role sees and does nothing of the plugin's.") { bench in
            let stranger = try await bench.host.addUser("No Role")
            var findings: [String] = []
            func need(_ status: Int, _ what: String) { if status != 403 && status != 404 { findings.append("\(what) answers with \(status) to a user without any role") } }
            for entity in bench.own {
                need(try await bench.host.get("/api/v1/\(entity.path)", as: stranger).status, "GET /api/v1/\(entity.path)")
                need(try await bench.host.get("/admin/\(entity.path)", as: stranger).status, "/admin/\(entity.path)")
                need(try await bench.host.send("POST", "/api/v1/\(entity.path)", [:], as: stranger).status, "POST /api/v1/\(entity.path)")
            }
            let seen = try await bench.host.read("metrics", as: stranger)["data"].items.filter { $0["plugin"].text == bench.plugin.id }
            return findings + seen.map { "the metric \($0["key"].text) is shown to a user without any role" }
        },
    ]
}
