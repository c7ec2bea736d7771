import PluginAPI
import Testing

@testable import Kernel

@Suite("Explaining rights") struct ExplanationTests {
    enum Project: Entity {
        static let title = Field<String>("title")
        static let budget = Field<Int?>("budget")
        static let owner = Field<Reference<User>?>("owner", .owner)
        static let schema = Schema("project", title, budget, owner)
    }
    enum CloseBooks: Action {
        typealias Target = Project
        static let name = "close-books"
        static func run(_ call: inout ActionCall<CloseBooks>, _ transaction: Transaction) throws {}
    }

    let registry: Registry

    init() throws {
        registry = try KernelTests.registry(
            .of("projects") { crm in
                crm.entity(Project.self)
                crm.action(CloseBooks.self)
            })
    }

    static let rights: RightsSnapshot = {
        func role(_ name: String, _ json: String) -> RightsSnapshot.Role {
            .init(key: "", name: name, grants: RoleDocument(tolerating: json).grants)
        }
        return RightsSnapshot(
            people: [
                1: .init(name: "Ada Park", isActive: true, roles: [1, 2], teams: [1]),
                2: .init(name: "Ben Stone", isActive: true, roles: [], teams: [1]),
                3: .init(name: "Cleo Moor", isActive: false, roles: [3], teams: []),
                4: .init(name: "Dora Vale", isActive: true, roles: [3], teams: []),
            ],
            roles: [
                1: role("Builder", #"{"entities": {"project": {"view": "team", "close-books": "own"}}, "masks": {"project": {"budget": "hidden"}}}"#),
                2: role("Visitor", #"{"entities": {"user": {"view": "all"}}, "specials": ["see_operations"]}"#),
                3: role("Head", #"{"everything": true}"#),
            ])
    }()

    private func lines(_ user: Int64, _ right: String, _ entity: String = "project") throws -> [String] {
        try Self.rights.explain(user: user, entity: entity, right: right, registry: registry).lines
    }

    @Test func `a granted right names the role, its scope, the team and the masked fields`() throws {
        #expect(
            try lines(1, "view") == [
                "Ada Park may view projects of the user's teams.",
                "The role Builder grants view on projects of the user's teams.",
                "The role Visitor grants nothing on projects.",
                "Ada Park shares a team with Ben Stone.",
                "The field Budget is hidden: by the role Builder.",
            ])
        #expect(
            try lines(1, "close-books").prefix(2) == [
                "Ada Park may close books the user's own projects.",
                "The role Builder grants close-books on the user's own projects.",
            ])
    }

    @Test func `a right that nothing grants is told so`() throws {
        #expect(
            try lines(1, "edit") == [
                "Ada Park may not edit projects.",
                "The role Builder grants other rights on projects, but not edit.",
                "The role Visitor grants nothing on projects.",
            ])
        #expect(
            try lines(2, "view") == ["Ben Stone may not view projects.", "The user has no role, and nothing is granted without one."])
        #expect(try lines(3, "view") == ["Cleo Moor may do nothing: the user is not active."])
        #expect(try lines(4, "delete") == ["Dora Vale may delete all projects.", "The role Head grants everything."])
    }

    @Test func `a right that does not exist is told, with those that do`() async throws {
        let refused = await failure { _ = try lines(1, "fly") }
        #expect(refused?.hint == "There are: view, create, edit, delete, import, export, close-books.")
    }

    @Test func `the effective rights are a row an entity`() throws {
        #expect(
            Self.rights.effectiveRights(of: 1, registry: registry).text == """
                role              -
                team              -
                user              view all
                webhook           -
                webhook_delivery  -
                project           view team, close-books own [budget hidden]
                specials: see_operations
                """)
    }
}
