import PluginAPI

// Pieces on their way. Each goes when the real one lands: delete it here in the same commit.

final class PluginHost: Sendable {
    let store: Store
    let rights: @Sendable () -> RightsSnapshot
    init(store: Store, home: Home, dataDirectory: String, rights: @escaping @Sendable () -> RightsSnapshot) {
        self.store = store
        self.rights = rights
    }
    /// Demo data of the enabled plugins, in dependency order.
    var demos: [Contributions.MigrationEntry] { [] }
    func boot() async throws {
        var registrar = Registrar()
        SystemPlugin().register(with: &registrar)
        let grants = registrar.contributions.grants
        let part = Composition.Part(id: "kernel", name: "Kernel", version: Kernel.version, optional: [], contributions: registrar.contributions)
        guard case .registry(let registry) = RegistryBuilder.build(Composition(parts: [part])) else { throw CRMError(.internalError, "kernel") }
        let dialect = store.engine.dialect
        try await store.engine.write { try SchemaMigrator(dialect: dialect, registry: registry).apply("kernel", renames: [], $0) }
        store.replace(registry: registry)
        let actor = Actor.system("boot", rights: rights())
        try await store.write(as: actor) { tx in
            try DefaultRoles.ensure(in: tx)
            try DefaultRoles.mergeGrants(grants, of: "kernel", into: tx)
        }
    }
}
struct PluginsAPI: Sendable {
    let kernel: Kernel
    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse { throw APIFront.unknown(request) }
}
struct CustomFieldsAPI: Sendable {
    let kernel: Kernel
    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse { throw APIFront.unknown(request) }
}
