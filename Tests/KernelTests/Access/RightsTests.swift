import PluginAPI
import Testing

@testable import Kernel

@Suite("Rights") struct RightsTests {
    private func grants(_ json: String) -> RoleGrants { RoleDocument(tolerating: json).grants }

    private func snapshot(_ roles: [String], teams: [Int64] = [], isActive: Bool = true) -> RightsSnapshot {
        var table: [Int64: RightsSnapshot.Role] = [:]
        for (place, json) in roles.enumerated() {
            table[Int64(place + 1)] = .init(key: "", name: "Role \(place + 1)", grants: grants(json))
        }
        return RightsSnapshot(
            people: [1: .init(name: "Ada Park", isActive: isActive, roles: table.keys.sorted(), teams: teams)], roles: table)
    }

    @Test func `without a role nothing is allowed`() {
        let nobody = snapshot([])
        #expect(nobody.scope(of: 1, right: "view", entity: "project") == nil)
        #expect(!nobody.has(.manageUsers, user: 1))
        #expect(nobody.scope(of: 2, right: "view", entity: "project") == nil, "nor to somebody who is not there")
    }

    @Test func `of several roles the widest scope counts`() {
        let both = snapshot([
            #"{"entities": {"project": {"view": "own", "edit": "team"}}}"#,
            #"{"entities": {"project": {"view": "all", "edit": "own"}}, "specials": ["see_operations"]}"#,
        ])
        #expect(both.scope(of: 1, right: "view", entity: "project") == .all)
        #expect(both.scope(of: 1, right: "edit", entity: "project") == .team)
        #expect(both.scope(of: 1, right: "delete", entity: "project") == nil)
        #expect(both.has(.seeOperations, user: 1) && !both.has(.managePlugins, user: 1))
    }

    @Test func `a field is masked only when every role that sees the entity masks it, and then by the weakest`() {
        let hidden = #"{"entities": {"project": {"view": "all"}}, "masks": {"project": {"budget": "hidden", "rate": "hidden"}}}"#
        let readOnly = #"{"entities": {"project": {"view": "own"}}, "masks": {"project": {"budget": "read_only"}}}"#
        let unseeing = #"{"entities": {"note": {"view": "all"}}}"#
        let both = snapshot([hidden, readOnly, unseeing])
        #expect(both.mask(of: 1, entity: "project", field: "budget") == .readOnly)
        #expect(both.mask(of: 1, entity: "project", field: "rate") == .none)
        let alone = snapshot([hidden, unseeing])
        #expect(alone.mask(of: 1, entity: "project", field: "budget") == .hidden, "a role that cannot see it lifts no mask")
    }

    @Test func `a user who is not active may do nothing, whatever the roles say`() {
        let gone = snapshot([#"{"everything": true}"#], isActive: false)
        #expect(gone.scope(of: 1, right: "view", entity: "project") == nil)
        #expect(gone.mask(of: 1, entity: "project", field: "budget") == .hidden)
        #expect(!gone.has(.manageUsers, user: 1))
    }

    @Test func `teammates are those who share any team`() {
        let person = RightsSnapshot.Person(name: "", isActive: true, roles: [], teams: [])
        func with(_ teams: [Int64]) -> RightsSnapshot.Person {
            var copy = person
            copy.teams = teams
            return copy
        }
        let rights = RightsSnapshot(people: [1: with([1]), 2: with([1, 2]), 3: with([2]), 4: with([])], roles: [:])
        #expect(rights.teammates(of: 1) == [1, 2])
        #expect(rights.teammates(of: 2) == [1, 2, 3])
        #expect(rights.teammates(of: 4) == [4])
    }
}

@Suite("Role documents") struct RoleDocumentTests {
    @Test func `what nobody knows at the moment survives reading and writing`() {
        let text = #"{"everything":false,"specials":["launch_rockets"],"entities":{"gone_entity":{"fly":"team"}},"masks":{"gone_entity":{"height":"hidden"}}}"#
        #expect(RoleDocument(tolerating: text).text == text)
        #expect(RoleDocument(tolerating: text).grants.specials.isEmpty)
    }

    @Test func `equal grants are equal text, however they were written`() {
        let one = #"{"entities": {"b": {"view": "all", "edit": "own"}, "a": {"view": "own"}}, "specials": ["z", "a", "a"]}"#
        let other = #"{"specials":["a","z"],"masks":{"a":{"x":"none"}},"entities":{"a":{"view":"own"},"b":{"edit":"own","view":"all"}}}"#
        #expect(RoleDocument(tolerating: one).text == RoleDocument(tolerating: other).text)
        #expect(
            RoleDocument(tolerating: one).text
                == #"{"everything":false,"specials":["a","z"],"entities":{"a":{"view":"own"},"b":{"edit":"own","view":"all"}},"masks":{}}"#)
    }

    @Test func `a document that cannot be read grants nothing`() {
        for text in ["", "null", "[]", #"{"everything": "yes"}"#, #"{"entities": {"project": {"view": "galaxy"}}}"#, "{"] {
            #expect(RoleDocument(tolerating: text).grants == RoleGrants(), "\(text)")
        }
    }

    @Test(arguments: [
        ("[]", "must be a JSON object"),
        (#"{"everything": 1}"#, "everything must be true or false"),
        (#"{"specials": [1]}"#, "specials must be a list of texts"),
        (#"{"entities": {"project": {"view": "mine"}}}"#, "entities.project.view must be one of own, team, all"),
        (#"{"entities": {"project": []}}"#, "entities.project must be an object"),
        (#"{"entities": {"project": {"create": "own"}}}"#, "entities.project.create: create knows the scope all only"),
        (#"{"masks": {"project": {"budget": "secret"}}}"#, "masks.project.budget must be one of none, read_only, hidden"),
        (#"{"entitys": {}}"#, "has no part entitys"),
    ]) func `a wrong document is refused with the place`(text: String, problem: String) {
        #expect(RoleDocument.problems(in: text) == [problem])
    }

    @Test func `a right document has no problem`() {
        #expect(RoleDocument.problems(in: RoleDocument().text).isEmpty)
        let text = #"{"everything": false, "entities": {"project": {"create": "all", "close-books": "team"}}, "masks": {}}"#
        #expect(RoleDocument.problems(in: text).isEmpty)
    }
}
