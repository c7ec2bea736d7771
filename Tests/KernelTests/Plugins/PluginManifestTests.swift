import PluginAPI
import Testing

@testable import Kernel

@Suite struct PluginManifestTests {
    static let good = """
        {"id": "projects", "name": "Projects", "version": "1.2.0", "api": {"from": "1.0", "below": "2.0"}, "summary": "Keeps projects.",
         "licence": "Apache-2.0", "requires": ["people"], "optional": ["desk"], "capabilities": {"reads": ["person"], "writes": ["desk"], "hosts": ["example.com", "*.example.org"], "mail": true, "elevated": "counts all"},
         "library": "Projects", "onBootFailure": "abort"}
        """

    private func messages(_ json: String) -> [String] {
        do {
            _ = try PluginManifest(json: Array(json.utf8))
            return []
        } catch {
            guard let error = error as? CRMError else { return ["\(error)"] }
            return error.problems.isEmpty ? [error.message] : error.problems.map { "\($0.field) \($0.message)" }
        }
    }

    @Test func `a manifest is read`() throws {
        let manifest = try PluginManifest(json: Array(Self.good.utf8))
        #expect(manifest.requires == ["people"])
        #expect(manifest.optional == ["desk"])
        #expect(manifest.capabilities == .init(
                    reads: ["person"], writes: ["desk"], hosts: ["example.com", "*.example.org"], mail: true, elevated: "counts all"))
        #expect(manifest.libraryFile == "libProjects.so")
        #expect(manifest.onBootFailure == .abort)
        #expect(manifest.apiRefusal == nil)
    }

    @Test func `all that is wrong is told at once, misspelt keys by name`() {
        let bad = """
            {"id": "My Plugin", "version": "one", "api": {"from": "1.0", "under": "2.0"}, "summary": "", "licence": "MIT",
             "requires": "people", "capabilities": {"mail": "yes", "root": true}, "library": "../evil", "onBootFailure": "explode", "x": 1}
            """
        #expect(
            messages(bad) == [
                "id is not small letters, digits and single dashes, beginning with a letter", "name is missing",
                "version is not a version such as 1.0", "summary is not a text", "requires is not a list of texts",
                "library is a path; name the file only", "capabilities.mail is neither true nor false",
                "capabilities.root is not a key of plugin.json", "onBootFailure is neither \"continue\" nor \"abort\"",
                "x is not a key of plugin.json", "api.below is missing", "api.under is not a key of plugin.json",
            ])
    }

    @Test func `hosts, entities and the reason for every right have a form`() {
        let json: String = Self.good.replacing(
            "\"reads\": [\"person\"]", with: "\"reads\": [\"Person\"]")
            .replacing("\"example.com\"", with: "\"https://example.com/\"").replacing("counts all", with: "")
        #expect(
            messages(json) == [
                "capabilities.reads names Person, which is not an entity's name",
                "capabilities.hosts names https://example.com/, which is not a host such as api.example.com",
                "capabilities.elevated does not say why",
            ])
    }

    @Test func `what is asked for beyond what was approved is named alone`() {
        let approved = PluginManifest.Capabilities(reads: ["person"], writes: ["desk"], hosts: ["example.com"], elevated: "counts all")
        var asked: PluginManifest.Capabilities = approved
        #expect(asked.growth(over: approved).isEmpty)
        asked.reads = ["desk", "room"]
        asked.mail = true
        asked.elevated = "counts and deletes"
        #expect(
            asked.growth(over: approved).lines == ["reads room", "sends mail", "acts with every right: counts and deletes"])
        #expect(PluginManifest.Capabilities(stored: asked.json) == asked)
    }

    @Test func `what is not a JSON object is said to be none`() {
        #expect(messages("[]") == ["plugin.json is not a JSON object"])
        #expect(messages("{") [0].hasPrefix("malformed JSON at line 1"))
    }

    @Test func `a plugin cannot require itself, nor require and do without the same`() {
        let json: String = Self.good.replacing("[\"people\"]", with: "[\"projects\", \"desk\"]")
        #expect(messages(json) == ["requires names the plugin itself", "optional names desk, which is required, too"])
    }

    @Test func `versions are compared number by number`() throws {
        let ten: PluginVersion = try #require(PluginVersion("1.10"))
        let nine: PluginVersion = try #require(PluginVersion("1.9.9"))
        #expect(nine < ten)
        #expect(PluginVersion("1") == PluginVersion("1.0"))
        #expect(PluginVersion("1.x") == nil)
        #expect(PluginVersion("") == nil)
    }

    @Test func `a range of interface versions that ends before this host's is refused`() throws {
        let json: String = Self.good.replacing("{\"from\": \"1.0\", \"below\": \"2.0\"}", with: "{\"from\": \"0.5\", \"below\": \"1.0\"}")
        let manifest = try PluginManifest(json: Array(json.utf8))
        #expect(manifest.apiRefusal?.message == "the plugin projects is written for PluginAPI from 0.5 to below 1.0, and this host has 1.0")
        #expect(manifest.apiRefusal?.problems == [Problem(field: "api", "the plugin from 0.5 to below 1.0; the host 1.0")])
    }
}
