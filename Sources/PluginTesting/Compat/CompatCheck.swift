/// A rule that every plugin keeps, and how to find out whether one does.
struct CompatCheck: Sendable {
    /// Its short name, for exceptions and reports.
    let name: String
    /// What must hold, as a sentence.
    let rule: String
    /// What speaks against it; nothing when the plugin keeps it.
    let findings: @Sendable (CompatBench) async throws -> [String]

    init(_ name: String, _ rule: String, _ findings: @escaping @Sendable (CompatBench) async throws -> [String]) {
        self.name = name
        self.rule = rule
        self.findings = findings
    }

    /// All, in the order in which they are run: first what is read, then the empty product, then with records, at last what ends
    /// and begins the product and takes the plugin away.
    static let all: [CompatCheck] =
        PaperChecks.all + NameChecks.all + RightChecks.all + EmptyChecks.all + RecordChecks.all + InputChecks.all + OddDataChecks.all
        + ActionChecks.all + NumberChecks.all + BackgroundChecks.all + ReleasedChecks.all
        + LifecycleChecks.all + CapabilityChecks.all + UninstallChecks.all
}

/// How a plugin did.
public struct CompatReport: Sendable, CustomStringConvertible {
    /// A rule that is not kept.
    public struct Breach: Sendable {
        /// The rule's name.
        public let check: String
        /// The rule.
        public let rule: String
        /// What speaks against it.
        public let findings: [String]
    }

    /// Which plugin, with its version.
    public let plugin: String
    /// How many rules were looked at.
    public let count: Int
    /// Those that are not kept.
    public let breaches: [Breach]
    /// Those that could not be looked at, since no record could be made.
    public let skipped: [String]

    /// Whether all are kept.
    public var isClean: Bool { breaches.isEmpty }

    public var description: String {
        var lines = ["\(plugin) keeps \(count - breaches.count - skipped.count) of \(count) rules"]
        for breach in breaches {
            lines.append("✗ \(breach.check): \(breach.rule)")
            for finding in breach.findings.prefix(10) {
                lines.append("    " + finding.split(separator: "\n").prefix(6).joined(separator: "\n    "))
            }
            if breach.findings.count > 10 { lines.append("    and \(breach.findings.count - 10) more") }
        }
        if !skipped.isEmpty { lines.append("not looked at for want of a record: " + skipped.joined(separator: ", ")) }
        return lines.joined(separator: "\n")
    }
}

/// A plugin does not keep the rules: the report says which.
public struct CompatBreach: Error, CustomStringConvertible {
    /// What was found.
    public let report: CompatReport
    public var description: String { report.description }
}
