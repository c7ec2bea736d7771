import Foundation
import PluginAPI
import Testing

@testable import Kernel

@Suite struct OpenAPITests {
    private func document(_ desk: FrontDesk, as user: String? = FrontDesk.boss) async throws -> JSONValue {
        let answer = try await desk.ask("GET", "/openapi.json", as: user)
        #expect(answer.status == 200)
        return answer.json
    }

    @Test func `every record, list, action and fixed path is described once`() async throws {
        let desk = try await FrontDesk()
        let paths = try #require(try await document(desk)["paths"]?.members)
        let names = paths.map(\.name)
        #expect(Set(names).count == names.count)
        for name in [
            "/api/v1/chores", "/api/v1/chores/{id}", "/api/v1/chores/{id}/timeline", "/api/v1/chores/{id}/move", "/api/v1/chores/{id}/actions/end", "/api/v1/chores/board",
            "/api/v1/chores/bulk", "/api/v1/chores/export", "/api/v1/users", "/api/v1/me", "/api/v1/imports", "/healthz", "/openapi.json",
        ] { #expect(names.contains(name), "\(name)") }
        #expect(!names.contains("/api/v1/steps/board"))
        let operations = paths.flatMap { $0.value.members ?? [] }.compactMap { $0.value["operationId"]?.text }
        #expect(Set(operations).count == operations.count)
    }

    @Test func `whatever is described to be read can be read`() async throws {
        let desk = try await FrontDesk()
        let chore = try await desk.chore("x", #""points": 3"#)
        // Two are compared, so that one needs the other named.
        let other = try await desk.chore("y")
        #expect(try await desk.ask("GET", "chores/\(chore)/merge?records=\(other)").status == 200)
        try await desk.ask("POST", "chores/\(chore)/notes", #"{"text": "heavy"}"#)
        for path in try #require(try await document(desk)["paths"]?.members) where path.value["get"] != nil {
            let isEntity = path.name.hasPrefix("/api/v1/chores")
            guard isEntity || !path.name.contains("{") else { continue }
            if path.name.hasSuffix("/merge") { continue }
            // What comes as it happens does not end.
            if path.name.hasSuffix("/events") { continue }
            let answer = try await desk.ask("GET", path.name.replacing("{id}", with: "1").replacing("{note}", with: "1").replacing("{name}", with: "worth"))
            #expect(answer.status == 200 || answer.fields == ["entity"], "\(path.name): \(answer.text)")
        }
    }

    @Test func `only what the caller may see is described`() async throws {
        let desk = try await FrontDesk()
        let json = try await document(desk, as: FrontDesk.agent)
        let names = json["paths"]?.members?.map(\.name) ?? []
        #expect(names.contains("/api/v1/chores"))
        #expect(!names.contains("/api/v1/remarks"))
        let chore = json["components"]?["schemas"]?["Chore"]?["properties"]
        #expect(chore?["title"] != nil)
        #expect(chore?["secret"] == nil)
    }

    /// Made by `make test`; without it the document's validity is not tested, and the run says so.
    private static let python = ".build/test-venv/bin/python"

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: python), "the tests' Python is not there: run make test"))
    func `the description is valid OpenAPI 3.1`() async throws {
        let desk = try await FrontDesk()
        let file = desk.folder.appendingPathComponent("openapi.json")
        try Data(try await desk.ask("GET", "/openapi.json").text.utf8).write(to: file)
        let (status, text) = try ChildProcess.run([Self.python, "-m", "openapi_spec_validator", "--schema", "3.1", file.path])
        #expect(status == 0, "\(text)")
    }
}
