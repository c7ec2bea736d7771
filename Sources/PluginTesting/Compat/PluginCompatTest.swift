/// The rules that every plugin keeps, checked on the real product in one line:
///
/// ```swift
/// @Test func `it keeps the rules that every plugin keeps`() async throws { try await PluginCompatTest().run() }
/// ```
///
/// Records are made of what the fields say of themselves. Where the plugin's own rules want more, say what a valid record looks like:
/// `PluginCompatTest(samples: ["greetings": ["text": "Good day!"]])`. Where a plugin has a reason to break a rule, give it:
/// `PluginCompatTest(except: ["somebody-may": "only administrators look after it"])`.
public struct PluginCompatTest: Sendable {
    let plugin: PluginPackage?
    let samples: [String: JSON]
    let exceptions: [String: String]
    let companions: TestHost.Companions
    let product: Product?
    let file: String

    /// Prepares the checks of the plugin in whose package the calling test stands, unless another is given.
    public init(
        _ plugin: PluginPackage? = nil, samples: [String: JSON] = [:], except exceptions: [String: String] = [:],
        with companions: TestHost.Companions = .required, product: Product? = nil, file: String = #filePath
    ) {
        self.plugin = plugin
        self.samples = samples
        self.exceptions = exceptions
        self.companions = companions
        self.product = product
        self.file = file
    }

    /// Names and sentences of all rules, in the order in which they are looked at.
    public static var rules: [(name: String, rule: String)] {
        [(letIn.name, letIn.rule)] + CompatCheck.all.map { ($0.name, $0.rule) }
    }

    private static let letIn = (name: "let-in", rule: "The product lets the plugin in and switches it on.")

    func chosen() throws -> PluginPackage { try plugin ?? .here(file) }

    /// Throws ``CompatBreach`` with every rule that the plugin does not keep.
    public func run() async throws {
        let report = try await report()
        if !report.isClean { throw CompatBreach(report: report) }
    }

    /// Looks at every rule and says how the plugin did.
    public func report() async throws -> CompatReport {
        let plugin = try chosen()
        let name = "\(plugin.id) \(plugin.manifest["version"].text)"
        let unknown = exceptions.keys.filter { key in !PluginCompatTest.rules.contains { $0.name == key } }
        guard unknown.isEmpty else { throw HostProblem("there is no rule \(unknown.sorted().joined(separator: ", ")) to except") }
        let bench: CompatBench
        do {
            let host = try await TestHost.start(plugin, with: companions, product: product)
            bench = try await CompatBench(host, samples: samples)
        } catch {
            let breach = CompatReport.Breach(check: Self.letIn.name, rule: Self.letIn.rule, findings: [String(describing: error)])
            return CompatReport(plugin: name, count: Self.rules.count, breaches: [breach], skipped: CompatCheck.all.map(\.name))
        }
        var breaches: [CompatReport.Breach] = []
        var skipped: [String] = []
        for check in CompatCheck.all {
            var findings: [String]
            do {
                findings = try await check.findings(bench)
            } catch is NoSample where breaches.contains(where: { $0.check == "samples-stored" }) {
                // Its reason stands there already.
                skipped.append(check.name)
                continue
            } catch { findings = [String(describing: error)] }
            if let reason = exceptions[check.name] {
                guard findings.isEmpty || reason.isEmpty else { continue }
                findings.append("it is excepted, and there is no need for it")
            }
            if !findings.isEmpty { breaches.append(.init(check: check.name, rule: check.rule, findings: findings)) }
        }
        try await bench.host.stop()
        return CompatReport(plugin: name, count: Self.rules.count, breaches: breaches, skipped: skipped)
    }
}
