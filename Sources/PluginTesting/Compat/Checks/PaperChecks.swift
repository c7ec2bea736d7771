import FoundationEssentials

/// What is read without running anything.
enum PaperChecks {
    static let all: [CompatCheck] = [
        CompatCheck("manifest-complete", "The file plugin.json says what the plugin is, in a sentence, and under which licence.") { bench in
            let manifest = bench.plugin.manifest
            var findings = ["name", "version", "summary", "licence"].filter { manifest[$0].text.isEmpty }.map { "\($0) is empty" }
            let summary = manifest["summary"].text
            if !summary.hasSuffix(".") || summary.first?.isUppercase != true { findings.append("the summary is no sentence: \(summary)") }
            let licence = manifest["licence"].text
            if licence.contains(where: { !$0.isLetter && !$0.isNumber && !"-.+() ".contains($0) }) {
                findings.append("the licence is no SPDX expression: \(licence)")
            }
            return findings
        },
        CompatCheck("interface-bounded", "The file plugin.json names the releases of PluginAPI that the plugin works with, with an end.") { bench in
            let (from, below) = (bench.plugin.manifest["api"]["from"].text, bench.plugin.manifest["api"]["below"].text)
            guard let first = Int(from.prefix { $0 != "." }), let last = Int(below.prefix { $0 != "." }) else {
                return ["api is from \(from.isEmpty ? "nothing" : from) to below \(below.isEmpty ? "nothing" : below)"]
            }
            return last > first + 1 ? ["api goes to below \(below): nobody can have tried it with major releases after \(first)"] : []
        },
        CompatCheck("readme", "A README says what the plugin is for.") { bench in
            guard let bytes = FileManager.default.contents(atPath: bench.plugin.folder + "/README.md") else { return ["there is no README.md"] }
            let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            var findings: [String] = []
            if lines.first?.hasPrefix("# ") != true { findings.append("README.md does not begin with a heading") }
            if lines.count < 3 { findings.append("README.md has \(lines.count) lines") }
            return findings
        },
    ]
}
