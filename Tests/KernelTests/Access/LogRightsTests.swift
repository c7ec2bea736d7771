import PluginAPI
import Testing

@testable import Kernel

@Suite struct LogRightsTests {
    @Test func `nobody may write a log, not even administrators, and whoever may see it sees it`() {
        let everything = RightsSnapshot.Role(key: "administrator", name: "Administrator", grants: RoleGrants(isEverything: true))
        let person = RightsSnapshot.Person(name: "Ada", isActive: true, roles: [1], teams: [])
        let rights = RightsSnapshot(people: [1: person], roles: [1: everything]).with(sources: [:], closed: ["drop": ["create", "edit", "delete", "import"]])
        for right in ["create", "edit", "delete", "import"] {
            #expect(rights.scope(of: 1, right: right, entity: "drop") == nil)
            #expect(rights.scope(of: 1, right: right, entity: "jar") == .all)
        }
        #expect(rights.scope(of: 1, right: "view", entity: "drop") == .all)
        #expect(rights.scope(of: 1, right: "export", entity: "drop") == .all)
    }
}
