import PluginAPI

/// What `init` was asked for, and how it is done.
struct DeploymentPlan: Sendable {
    var deployment: Deployment
    var email: String
    var name: String
    var password: String
    var currency: Currency
    var timeZone: String
    var demo: Bool

    /// Prepares the deployment. One that has an administrator is left as it is. Returns facts for scripts.
    func carryOut(_ terminal: Terminal) async throws -> JSONValue {
        // Before anything is made: a refusal leaves nothing behind.
        try PasswordRules.check(password, email: email)
        let home = Home.beside()
        home.tell(terminal)
        if demo, PluginCatalogue(folders: home.plugins).discover().entries.isEmpty {
            let places = home.plugins.isEmpty ? "" : " in " + home.plugins.joined(separator: ", ")
            throw CRMError.refused(
                "there are no plugins\(places), and so no demo data: nothing was prepared",
                hint: "Build the product again (`make build`) or name its folder with TENON_HOME; without --demo the deployment is prepared as it is.")
        }
        try deployment.make()
        let lock = try await deployment.hold(for: "tenon init")
        defer { withExtendedLifetime(lock) {} }
        let kernel = try await deployment.open()
        do {
            try await prepare(kernel, terminal)
        } catch {
            try? await kernel.stop()
            throw error
        }
        let plugins = kernel.store.registry.plugins.map(\.id).filter { $0 != "kernel" }
        try await kernel.stop()
        return .fields([
            "data": .string(deployment.directory), "admin_email": .string(email), "currency": .string(currency.code),
            "time_zone": .string(timeZone), "demo": .boolean(demo), "plugins": .array(plugins.map { .string($0) }),
        ])
    }

    private func prepare(_ kernel: Kernel, _ terminal: Terminal) async throws {
        guard kernel.rights.firstAdministrator == nil else {
            throw CRMError.refused(
                "there is a deployment in \(deployment.directory) already",
                hint: "Start it with `tenon serve`, or name another directory with --data.")
        }
        try await kernel.makeAdministrator(email: email, name: name, password: password)
        let (currency, timeZone) = (currency.code, timeZone)
        try await kernel.store.write(as: kernel.system("init")) { tx in
            try SettingsTable.store(tx.connection, key: KernelSettings.currency.key, value: .text(currency), plugin: "kernel")
            try SettingsTable.store(tx.connection, key: KernelSettings.timeZone.key, value: .text(timeZone), plugin: "kernel")
        }
        try await kernel.reloadSettings()
        guard demo else { return }
        terminal.progress("filling in demo data …")
        defer { terminal.progress("") }
        try await kernel.fillDemo()
    }
}
