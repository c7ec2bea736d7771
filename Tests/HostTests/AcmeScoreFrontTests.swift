import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// The example in C as people meet it: through the JSON front.
@Suite struct AcmeScoreFrontTests {
    private let kernel: Kernel
    private let deployment: Deployment

    init() async throws {
        deployment = try Deployment("Customers", "Leads")
        try deployment.install("acme-score", manifest: AcmeScoreTests.manifest(), library: AcmeScoreTests.library.get())
        // Scores new leads, too: what the answer says must be what is stored.
        try deployment.edit("acme-score") { json in
            let handler = """
                {"hook": "lead_created", "symbol": "acme_score", "returns": "integer", "sets": "lead.given_points", "parameters": [
                  {"field": "lead.contact_email", "type": "text?"}, {"field": "lead.contact_phone", "type": "text?"},
                  {"field": "lead.company_name", "type": "text?"}, {"field": "lead.value", "type": "money(2)?"}]},
                """
            return json.replacing(#""handlers": ["#, with: #""handlers": [\#(handler)"#)
        }
        kernel = try await Kernel.boot(Kernel.Options(dataDirectory: deployment.folder.path, home: .none, beginning: .all, isDurable: false))
        try await kernel.makeAdministrator(email: "admin@example.com", name: "Admin", password: "a long enough password")
    }

    private struct Answer {
        let status: Int
        let etag: String?
        let json: JSONValue
    }

    private func ask(_ method: String, _ path: String..., query: [FrontRequest.QueryItem] = [], body: String = "") async throws -> Answer {
        let request = FrontRequest(
            method: method, path: ["api", "v1"] + path, query: query, headers: ["content-type": "application/json"], body: Array(body.utf8),
            isLocal: true)
        let response: FrontResponse = await kernel.front.respond(request)
        guard let bytes = response.body.bytes else { throw CRMError(.internalError, "a stream") }
        return Answer(
            status: response.status, etag: response.headers.first { $0.name == "etag" }?.value,
            json: bytes.isEmpty ? .null : try JSONValue(parsing: bytes))
    }

    @Test func `what a handler sets stands in the answer, with the version that is stored`() async throws {
        let made: Answer = try await ask(
            "POST", "leads", body: #"{"title": "Harbour wall", "contact_email": "anna@harbour.example", "value": "20000"}"#)
        #expect(made.status == 201 && made.json["score"]?.int == 65, "\(made.json)")
        let read: Answer = try await ask("GET", "leads", made.json["id"]?.text ?? "")
        #expect(read.etag == made.etag && read.json["score"]?.int == 65)
    }

    @Test func `a refusal by C code is a problem document with its reason`() async throws {
        let made: Answer = try await ask("POST", "leads", body: #"{"title": "Nobody knows"}"#)
        let moved: Answer = try await ask("PATCH", "leads", made.json["id"]?.text ?? "", body: #"{"status": "Qualified"}"#)
        #expect(moved.status == 409, "\(moved.json)")
        #expect(moved.json["detail"]?.text == "a qualified lead needs an e-mail address or a telephone number", "\(moved.json)")
    }

    @Test func `a formula field calls C, follows its record, and keeps its values while the plugin is off`() async throws {
        let id: String = try await ask("POST", "leads", body: #"{"title": "Wall", "contact_email": "anna@harbour.example"}"#).json["id"]?.text ?? ""
        let field: Answer = try await ask(
            "POST", "custom-fields",
            body: """
                {"entity": "lead", "name": "promise", "type": "formula",
                 "formula": "acme_grade(acme_score(contact_email, contact_phone, company_name, value))"}
                """)
        try #require(field.status == 201, "\(field.json)")
        func promise() async throws -> String? { try await ask("GET", "leads", id).json["promise"]?.text }
        #expect(try await promise() == "C")
        let changed: Answer = try await ask(
            "PATCH", "leads", id, body: #"{"contact_phone": "+49 40 1234567", "company_name": "Harbour", "value": "500"}"#)
        #expect(changed.json["promise"]?.text == "A", "\(changed.json)")

        let system = Actor.system("test", rights: .empty)
        try await kernel.plugins.disable("acme-score", by: system)
        let off: Answer = try await ask("GET", "custom-fields", field.json["id"]?.text ?? "")
        #expect(off.json["status"]?["state"]?.text == "broken", "\(off.json)")
        #expect(try await promise() == "A")
        try await kernel.plugins.enable("acme-score", by: system)
        let on: Answer = try await ask("GET", "custom-fields", field.json["id"]?.text ?? "")
        #expect(on.json["status"]?["state"]?.text == "ready", "\(on.json)")
    }

    @Test func `a formula that calls a C function with another type is told where`() async throws {
        let wrong: Answer = try await ask(
            "POST", "custom-fields", body: #"{"entity": "lead", "name": "promise", "type": "formula", "formula": "acme_grade(title)"}"#)
        #expect(wrong.status == 422, "\(wrong.json)")
        let message: String = wrong.json["errors"]?.array?.first?["message"]?.text ?? ""
        #expect(message.contains("acme_grade takes a whole number here, not a text"), "\(wrong.json)")
    }
}
