/// The plugin gone for good, and back again. Last of all.
enum UninstallChecks {
    static let all: [CompatCheck] = [
        CompatCheck("uninstall-leaves-nothing", "Uninstalled, nothing of the plugin is left: no entity, right, setting, job, hook or metric.") { bench in
            bench.keep(try await bench.exports())
            bench.keep(try await bench.host.uninstall())
            var findings: [String] = []
            func none(_ items: [JSON], _ what: String) {
                if items.contains(where: { $0["plugin"].text == bench.plugin.id }) { findings.append("\(what) of it are left") }
            }
            none(try await bench.host.read("schema")["entities"].items, "entities")
            none(try await bench.host.read("settings")["data"].items, "settings")
            none(try await bench.host.read("metrics")["data"].items, "metrics")
            none(try await bench.host.read("hooks")["data"].items, "hooks")
            none(try await bench.host.read("hooks/failed")["data"].items, "deliveries")
            let jobs = try await bench.host.read("jobs")
            none(jobs["schedules"].items + jobs["queue"].items, "jobs")
            for role in try await bench.host.read("roles/matrix")["roles"].items {
                for entity in bench.own where role["entities"].members.contains(where: { $0.name == entity.name }) {
                    findings.append("the role \(role["name"].text) still has rights on \(entity.name)")
                }
            }
            return findings
        },
        CompatCheck("fresh-again", "Installed again after that, the plugin begins as it did the first time.") { bench in
            try await bench.host.enable()
            let now = try await bench.contents()
            return bench.own.map(\.path).filter { now[$0] != bench.beginning[$0] }.map { "\($0) does not begin as it did" }
        },
        CompatCheck("archive-restores", "The archive of an uninstalled plugin brings every record back.") { bench in
            guard let archive = bench.archive else { return [] }
            try await bench.host.restore(archive)
            let now = try await bench.exports()
            return bench.own.map(\.path).filter { now[$0] != bench.lastExports[$0] }.map { "\($0) is not what it was" }
        },
    ]
}
