/// Metrics and settings.
enum NumberChecks {
    static let all: [CompatCheck] = [
        CompatCheck("metrics-answer", "Every metric answers in JSON and on the command line, and opens the list of exactly its records.") { bench in
            var findings: [String] = []
            for metric in try await bench.metrics() {
                let key = metric["key"].text
                let reading = try await bench.host.read("metrics/\(key)?period=all&series=3")
                guard let entity = bench.entity(named: metric["entity"].text) else {
                    findings.append("\(key) is over \(metric["entity"].text), which is not there")
                    continue
                }
                let query = reading["query"].text
                let total = try await bench.host.read("\(entity.path)?count=true&limit=1" + (query.isEmpty ? "" : "&" + query))["total"].int
                if total != reading["count"].int { findings.append("\(key) counts \(reading["count"]) records, and its list has \(total.map(String.init) ?? "none")") }
                if metric["measure"] == "count", reading["value"].int != total { findings.append("\(key) is \(reading["value"]), and its list has \(total ?? 0)") }
                if let complaint = try await bench.complaint(reading["list"].text) { findings.append(complaint) }
                if let complaint = try await bench.complaint(command: ["metrics", "show", key]) { findings.append(complaint) }
            }
            return findings
        },
        CompatCheck("settings-stand", "Every setting begins with a value that it accepts.") { bench in
            var findings: [String] = []
            for setting in try await bench.settings() where !setting["default"].isNull {
                let key = setting["key"].text
                let answer = try await bench.host.send("PATCH", "/api/v1/settings", .object([.init(key, setting["default"])]))
                if !answer.isSuccess { findings.append("\(key) does not accept its own beginning: \(Refusal(answer))") }
                try await bench.host.call("PATCH", "settings", .object([.init(key, nil)]))
            }
            return findings
        },
        CompatCheck("routes-guarded", "Every address of the plugin's own answers, and refuses strangers unless it is open to everyone.") { bench in
            var findings: [String] = []
            for route in bench.adds["routes"].texts {
                let parts = route.split(separator: " ", maxSplits: 1).map(String.init)
                guard parts.count == 2 else { continue }
                let path = parts[1].split(separator: "/").map { $0.hasPrefix("{") ? "1" : String($0) }.joined(separator: "/")
                let answer = try await bench.host.send(parts[0], "/plugins/\(bench.plugin.id)/\(path)")
                if answer.status >= 500 { findings.append("\(route) fails: \(Refusal(answer))") }
            }
            return findings
        },
    ]
}
