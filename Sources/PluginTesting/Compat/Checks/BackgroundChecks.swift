/// Work that nobody waits for.
enum BackgroundChecks {
    static let all: [CompatCheck] = [
        CompatCheck("jobs-run-twice", "Every job can run twice in a row, and the second time changes nothing.") { bench in
            var findings: [String] = []
            for job in bench.adds["jobs"].texts {
                var before: [String: String] = [:]
                for time in ["first", "second"] {
                    if time == "second" { before = try await bench.exports() }
                    let run = try await bench.host.call("POST", "jobs/\(job)/run?wait=true", [:])
                    try await bench.host.settle()
                    let after = try await bench.host.read("jobs")["queue"].items.first { $0["id"] == run["id"] } ?? run
                    if !after["error"].text.isEmpty || after["state"] == "failed" { findings.append("the \(time) run of \(job) fails: \(after["error"].text)") }
                }
                for (path, file) in try await bench.exports() where before[path] != file { findings.append("the second run of \(job) changes \(path)") }
            }
            return findings
        },
        CompatCheck("deliveries-arrive", "What follows a change is done without failing.") { bench in
            try await bench.host.settle()
            let deliveries = try await bench.host.read("hooks/failed")
            return (deliveries["data"].items + deliveries["retrying"].items).filter { $0["plugin"].text == bench.plugin.id }
                .map { "the listener \($0["listener"].text) of \($0["hook"].text) fails: \($0["error"].text)" }
        },
        CompatCheck("nothing-noted", "Nothing that the plugin did is in the log as a defect.") { bench in
            bench.host.log.split(separator: "\n").filter { $0.contains(" error ") || $0.contains(" critical ") }.map(String.init)
        },
    ]
}
