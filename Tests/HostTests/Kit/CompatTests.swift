import Foundation
import PluginTesting
import Testing

/// The product as it was built for these tests.
extension Product {
    static func built() throws -> Product { try Product(program: Deployment.buildFolder.path + "/tenon") }
}

extension PluginPackage {
    /// A plugin of the tree by its folder, such as `Plugins/Leads`.
    static func ofTree(_ folder: String) throws -> PluginPackage {
        let name: String = URL(fileURLWithPath: folder).lastPathComponent
        return try PluginPackage(
            folder: Deployment.sources.appendingPathComponent(folder).path,
            library: Deployment.buildFolder.appendingPathComponent("lib\(name).so").path)
    }
}

@Suite struct CompatTests {
    @Test(arguments: ["Plugins/Customers", "Plugins/Leads", "Plugins/Deals"])
    func `every plugin of the product keeps the rules that every plugin keeps`(_ folder: String) async throws {
        try await PluginCompatTest(.ofTree(folder), product: .built()).run()
    }

    /// Built as their readers would build them.
    @Test(arguments: ["hello", "visits"])
    func `every example keeps the rules that every plugin keeps`(_ name: String) async throws {
        let folder: String = Deployment.sources.path + "/Examples/" + name
        let scratch: String = Deployment.buildFolder.path + "/examples/" + name
        try run(["swift", "build", "--package-path", folder, "--scratch-path", scratch])
        let package = try PluginPackage(folder: folder, library: scratch + "/debug/lib\(name.prefix(1).uppercased() + name.dropFirst()).so")
        // What a greeting must end with is the plugin's own rule, which no field says.
        let samples: [String: JSON] = name == "hello" ? ["greetings": ["text": "Good day!"]] : [:]
        try await PluginCompatTest(package, samples: samples, product: .built()).run()
    }

    @Test func `the example in C keeps them, too`() async throws {
        let library: URL = try AcmeScoreTests.library.get()
        try await PluginCompatTest(PluginPackage(folder: Deployment.sources.path + "/Examples/acme-score", library: library.path), product: .built()).run()
    }

    /// What a plugin can break, it is told of, each by its name; the rest of the rules is the kernel's to keep.
    @Test func `a plugin that breaks rules is told which, and nothing else`() async throws {
        let report = try await PluginCompatTest(.ofTree("Tests/Fixtures/Plugins/BreaksRules"), product: .built()).report()
        let broken: [String] = report.breaches.map(\.check)
        let expected: Set<String> = [
            "manifest-complete", "interface-bounded", "readme", "labels", "actions-explained", "somebody-may", "smallest-record",
            "odd-texts", "odd-numbers", "actions-answer", "settings-stand", "routes-guarded", "jobs-run-twice", "deliveries-arrive", "nothing-noted",
            "nothing-refused",
        ]
        #expect(Set(broken) == expected, "\(report)")
        #expect(report.skipped.isEmpty)
        let text: String = report.description
        #expect(text.contains("it was refused to keep files, 2 times"), "\(text)")
        #expect(text.contains("✗ odd-texts: Emoji, text from right to left"))
        #expect(text.contains("the setting breaks-rules.depth does not accept its own beginning") || text.contains("breaks-rules.depth does not accept its own beginning"))
    }

    @Test func `a plugin that the product does not let in breaks one rule, and the others are not looked at`() async throws {
        let report = try await PluginCompatTest(.ofTree("Tests/Fixtures/Plugins/NeedsMissing"), product: .built()).report()
        #expect(report.breaches.map(\.check) == ["let-in"])
        #expect(report.skipped.count == PluginCompatTest.rules.count - 1)
    }

    @Test func `an exception needs a reason to be there`() async throws {
        let plugin: PluginPackage = try .ofTree("Plugins/Customers")
        let needless = try await PluginCompatTest(plugin, except: ["readme": "it is short"], product: .built()).report()
        #expect(needless.breaches.map(\.check) == ["readme"])
        await #expect(throws: HostProblem.self) {
            _ = try await PluginCompatTest(plugin, except: ["no-such-rule": ""], product: .built()).report()
        }
    }

    @Test func `there are some forty rules, each with a name of its own and a sentence`() {
        let rules = PluginCompatTest.rules
        #expect(rules.count >= 40)
        #expect(Set(rules.map(\.name)).count == rules.count)
        #expect(rules.allSatisfy { $0.rule.hasSuffix(".") && $0.rule.first?.isUppercase == true })
    }
}
