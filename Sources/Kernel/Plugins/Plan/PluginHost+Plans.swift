import PluginAPI

extension PluginHost {
    /// What a change would do, for whoever may make it.
    func plan(_ action: PluginPlan.Action, _ ids: [String], cascade: Bool, by actor: Actor) async throws -> PluginPlan {
        try actor.require(.managePlugins)
        guard let first = ids.first, Set(ids).count == ids.count else {
            throw CRMError(.invalid, "the plan names no plugin, or one twice", problems: [Problem(field: "plugins", "must name each plugin once")])
        }
        do {
            switch action {
            case .enable: return try await plan(enabling: ids, cascade: cascade)
            case .disable: return try await plan(disabling: ids, cascade: cascade)
            case .uninstall: return try await plan(uninstalling: ids, cascade: cascade)
            case .upgrade:
                guard ids.count == 1 else {
                    throw CRMError(.invalid, "one plugin is upgraded at a time", problems: [Problem(field: "plugins", "must name one plugin")])
                }
                return try await plan(upgrading: first)
            }
        } catch let refusal as PlanRefusal {
            throw refusal.told(action)
        }
    }
}

extension PlanRefusal {
    func told(_ action: PluginPlan.Action) -> CRMError {
        guard action == .upgrade else { return told }
        return CRMError(
            .refused, "the plugin \(id) cannot be upgraded to \(version): \(failure.error.message)", hint: failure.error.hint,
            problems: failure.error.problems, cause: failure.error)
    }
}

extension PluginHost {
    /// The plugins that are switched on, whether they run or not, by id.
    func switchedOn() throws -> [String] { try requireLedger().rows.filter(\.value.isEnabled).keys.sorted() }

    /// What a plugin that is to be switched on or upgraded asks for.
    func wanted(_ id: String, isUpgrade: Bool) throws -> PluginManifest.Capabilities? {
        if isUpgrade { return contents.entries[id]?.manifest.capabilities }
        return try candidate(id)?.manifest.capabilities
    }
}
