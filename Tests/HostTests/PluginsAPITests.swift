import Foundation
import PluginAPI
import Testing

@testable import Kernel

@Suite struct PluginsAPITests {
    @Test func `plugins are listed, switched off and on`() async throws {
        let (kernel, deployment) = try await Self.boot("Customers", "Leads")
        let all: JSONValue = try await Self.ask(kernel, "GET", ["plugins"]).json
        let rows: [JSONValue] = all["data"]?.array ?? []
        #expect(rows.map { $0["id"]?.text } == ["customers", "leads"])
        #expect(rows.first?["required_by"] == .array([.string("leads")]))
        #expect(rows.first?["adds"]?["entities"]?.array?.contains(.string("customer")) ?? false)

        let refused = try await Self.ask(kernel, "POST", ["plugins", "customers", "disable"])
        #expect(refused.status == 422 || refused.status == 409)
        #expect(refused.json["detail"]?.text?.contains("required by leads") ?? refused.json["title"]?.text?.contains("required by leads") ?? false)
        let off = try await Self.ask(kernel, "POST", ["plugins", "customers", "disable"], #"{"cascade": true}"#)
        #expect(off.status == 200)
        #expect(off.json["state"] == .string("disabled"))
        #expect(try await Self.ask(kernel, "GET", ["leads"]).status == 404)
        let on = try await Self.ask(kernel, "POST", ["plugins", "leads", "enable"], #"{"cascade": true}"#)
        #expect(on.status == 200)
        #expect(on.json["state"] == .string("enabled"))
        #expect(try await Self.ask(kernel, "GET", ["leads"]).status == 200)
        #expect(try await Self.ask(kernel, "GET", ["plugins", "nothing"]).status == 404)
        #expect(try await Self.ask(kernel, "DELETE", ["plugins", "leads"]).status == 405)
        withExtendedLifetime(deployment) {}
    }

    @Test func `custom fields are made, changed, removed and purged`() async throws {
        let (kernel, deployment) = try await Self.boot("ThrowsInHook")
        let made = try await Self.ask(
            kernel, "POST", ["custom-fields"],
            #"{"entity": "parcel", "name": "size", "type": "choice", "options": ["Small", "Very large"], "required": true}"#)
        #expect(made.status == 201)
        #expect(made.json["options"]?.array?.map { $0["key"]?.text } == ["small", "very_large"])
        let id: String = try #require(made.json["id"]?.text)
        let changed = try await Self.ask(
            kernel, "PATCH", ["custom-fields", id], #"{"label": "How big", "options": ["Very large", "Tiny"], "required": false}"#)
        #expect(changed.json["label"] == .string("How big"))
        #expect(changed.json["options"]?.array?.map { $0["key"]?.text } == ["very_large", "tiny"])
        let record = try await Self.ask(kernel, "POST", ["parcels"], #"{"label": "Sofa", "size": "very_large"}"#)
        #expect(record.status == 201)
        #expect(record.json["size"] == .string("very_large"))

        let wrong = try await Self.ask(kernel, "POST", ["custom-fields"], #"{"entity": "parcel", "name": "x", "type": "text", "colour": 1}"#)
        #expect(wrong.status == 422)
        #expect(wrong.json["errors"]?.array?.first?["field"] == .string("colour"))
        #expect(try await Self.ask(kernel, "DELETE", ["custom-fields", id]).status == 204)
        let list: JSONValue = try await Self.ask(kernel, "GET", ["custom-fields"]).json
        #expect(list["data"] == .array([]))
        #expect(list["removed"]?.array?.map { $0["name"]?.text } == ["size"])
        let purge = FrontRequest(
            method: "DELETE", path: ["api", "v1", "custom-fields", id], query: [.init(name: "purge", value: "true")], isLocal: true)
        #expect(await kernel.front.respond(purge).status == 204)
        #expect(try await Self.ask(kernel, "GET", ["custom-fields", id]).status == 404)
        withExtendedLifetime(deployment) {}
    }

    @Test func `a refusal names the field in which plugin and host differ, in its answer and on record`() async throws {
        let (kernel, deployment) = try await Self.boot("ThrowsInHook")
        try deployment.install("Ledgerly")
        try deployment.edit("Ledgerly") { $0.replacing("\"below\": \"2.0\"", with: "\"below\": \"0.9\"").replacing("\"from\": \"1.0\"", with: "\"from\": \"0.1\"") }
        func fields(_ json: JSONValue) -> [String] { (json["errors"]?.array ?? []).compactMap { $0["field"]?.text } }
        let range = try await Self.ask(kernel, "POST", ["plugins", "ledgerly", "enable"], #"{"approve": true}"#)
        #expect(range.status == 409)
        #expect(fields(range.json) == ["api"])
        let host = "\(PluginAPIVersion.major).\(PluginAPIVersion.minor)"
        #expect(range.json["errors"]?.array?.first?["message"]?.text == "the plugin from 0.1 to below 0.9; the host \(host)")
        let status = try await Self.ask(kernel, "GET", ["plugins", "ledgerly"]).json
        #expect(fields(status) == ["api"])
        // Said once, not twice.
        #expect(status["reason"]?.text == "the plugin ledgerly is written for PluginAPI from 0.1 to below 0.9, and this host has \(host)")

        try deployment.edit("Ledgerly") { $0.replacing("\"below\": \"0.9\"", with: "\"below\": \"2.0\"").replacing("\"from\": \"0.1\"", with: "\"from\": \"one\", \"upto\": \"1\"") }
        let manifest = try await Self.ask(kernel, "POST", ["plugins", "Ledgerly", "enable"], #"{"approve": true}"#)
        #expect(manifest.status == 422)
        #expect(fields(manifest.json) == ["api.from", "api.upto"])
        #expect(fields(try await Self.ask(kernel, "GET", ["plugins", "Ledgerly"]).json) == ["api.from", "api.upto"])

        try deployment.edit("Ledgerly") { _ in "{" }
        #expect(fields(try await Self.ask(kernel, "POST", ["plugins", "Ledgerly", "enable"], "{}").json) == ["plugin.json"])
        try deployment.install("Leads")
        let alone = try await Self.ask(kernel, "POST", ["plugins", "leads", "enable"], #"{"approve": true}"#)
        #expect(fields(alone.json) == ["requires"])
        #expect(alone.json["errors"]?.array?.first?["message"]?.text == "the plugin customers, which is not installed")
    }

    private static func boot(_ plugins: String...) async throws -> (Kernel, Deployment) {
        let deployment = try Deployment()
        for plugin in plugins { try deployment.install(plugin) }
        let kernel = try await Kernel.boot(
            Kernel.Options(dataDirectory: deployment.folder.path, home: .none, beginning: .all, isDurable: false))
        try await kernel.makeAdministrator(email: "admin@example.com", name: "Admin", password: "a long enough password")
        return (kernel, deployment)
    }

    struct Answer {
        let status: Int
        let json: JSONValue
    }

    private static func ask(_ kernel: Kernel, _ method: String, _ path: [String], _ body: String = "") async throws -> Answer {
        let request = FrontRequest(
            method: method, path: ["api", "v1"] + path, headers: ["content-type": "application/json"], body: Array(body.utf8), isLocal: true)
        let response: FrontResponse = await kernel.front.respond(request)
        guard let bytes = response.body.bytes else { return Answer(status: response.status, json: .null) }
        return Answer(status: response.status, json: bytes.isEmpty ? .null : try JSONValue(parsing: bytes))
    }
}
