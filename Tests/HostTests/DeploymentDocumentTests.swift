import Foundation
import Testing

@testable import Kernel

/// The deployment as a text file: applied twice, it changes nothing the second time.
@Suite struct DeploymentDocumentTests {
    @Test func `a deployment is printed, changed as a text, applied, and the second time there is nothing to do`() throws {
        let tenon = try TenonProgram.prepared()
        let printed = try tenon.run("apply", "--print")
        #expect(printed.status == 0)
        #expect(printed.json["plugins"].elements.map { $0["id"].scalar } == ["customers", "deals", "leads"])
        let file: URL = tenon.folder.appendingPathComponent("deployment.json")
        try printed.output.write(to: file, atomically: true, encoding: .utf8)
        #expect(try tenon.run("apply", file.path).output == "nothing to change\n")

        var document: JSONValue = printed.json
        document.set("plugins", .array(printed.json["plugins"].elements.filter { $0["id"].scalar != "deals" }))
        document.set("settings", .fields(["kernel.name": .string("Harbour")]))
        let field: JSONValue = try JSONValue(parsing: Array(#"{"entity": "lead", "name": "berth", "definition": {"kind": "text", "label": "Berth"}}"#.utf8))
        document.set("fields", .array([field]))
        try document.text().write(to: file, atomically: true, encoding: .utf8)

        let check = try tenon.run("apply", file.path, "--check", "--json")
        #expect(check.status == 1)
        #expect(check.json["changed"].bool == false)
        #expect(check.json["changes"].elements.map { "\($0["what"].scalar) \($0["name"].scalar)" } == [
            "disable deals", "add lead.berth", "reset kernel.currency", "reset kernel.time_zone", "set kernel.name",
        ])
        let first = try tenon.run("apply", file.path, "--json")
        #expect(first.status == 0, "\(first)")
        #expect(first.json["changed"].bool == true)
        let second = try tenon.run("apply", file.path, "--json")
        #expect(second.status == 0)
        #expect(second.json["changed"].bool == false)
        #expect(second.json["changes"].elements.isEmpty)
        #expect(try tenon.run("apply", file.path, "--check").status == 0)
        #expect(try tenon.run("settings", "get", "kernel.name").output == "Harbour\n")
        #expect(try tenon.run("plugin", "list", "--json").json["data"].elements.map { $0["state"].scalar } == ["enabled", "disabled", "enabled"])

        try printed.output.write(to: file, atomically: true, encoding: .utf8)
        #expect(try tenon.run("apply", file.path).status == 0)
        let back = try tenon.run("apply", "--print")
        #expect(back.output == printed.output)
    }

    @Test func `a text that cannot be applied is refused with all that is wrong, before anything changes`() throws {
        let tenon = try TenonProgram.prepared()
        let file: URL = tenon.folder.appendingPathComponent("deployment.json")
        try #"{"plugin": [], "settings": 1}"#.write(to: file, atomically: true, encoding: .utf8)
        let wrong = try tenon.run("apply", file.path)
        #expect(wrong.status == 1)
        #expect(wrong.errors.contains("is not a part of a deployment"))
        #expect(wrong.errors.contains("is not a JSON object"))
        try #"{"plugins": [{"id": "customers", "version": "9.9"}]}"#.write(to: file, atomically: true, encoding: .utf8)
        let newer = try tenon.run("apply", file.path)
        #expect(newer.errors.contains("version 9.9 of the plugin customers is not here; 1.0.0 is"), "\(newer)")
        #expect(try tenon.run("plugin", "list", "--json").json["data"].elements.allSatisfy { $0["state"].scalar == "enabled" })
    }
}
