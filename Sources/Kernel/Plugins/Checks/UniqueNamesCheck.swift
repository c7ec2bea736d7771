import PluginAPI

/// A name belongs to one plugin. Two that claim it are both named; the later one in load order is refused.
enum UniqueNamesCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        var claims = Claims()
        for part in composition.parts {
            claims.plugin = part.id
            claimEntities(part.contributions, &claims)
            claimScreens(part.contributions, &claims)
            claimWork(part.contributions, &claims)
        }
        return claims.problems + customFieldProblems(composition)
    }

    private static func claimEntities(_ own: Contributions, _ claims: inout Claims) {
        for entry in own.entities {
            let schema: Schema = entry.schema
            if entry.isForeign {
                claims.claimAlone("entity used", schema.name)
                continue
            }
            claims.claim("entity", schema.name)
            claims.claim("path", schema.path)
            for field in schema.fields { claims.claim("field", "\(schema.name).\(field.name)") }
            for hook in Composition.recordHooks(of: schema.name) + [Composition.mergeHook(of: schema.name)] { claims.claim("hook", hook) }
        }
    }

    private static func claimScreens(_ own: Contributions, _ claims: inout Claims) {
        for list in own.lists { claims.claim("list of", list.entity) }
        for board in own.boards {
            claims.claim(board.name == BoardView.standardName ? "board of" : "board \(board.name) of", board.entity)
        }
        for mark in own.marks { claims.claim("mark", "\(mark.name) of \(mark.entity)") }
        for detail in own.details { claims.claim("record page of", detail.entity) }
        for preset in own.presets { claims.claim("view", "\(preset.title) of \(preset.entity)") }
        for action in own.actions {
            if action.isExtension {
                claims.claimAlone("extension of action", "\(action.entity).\(action.name)")
            } else {
                claims.claim("action", "\(action.entity).\(action.name)")
            }
        }
        for panel in own.panels { claims.claim("panel", "\(panel.name) of \(panel.entity)") }
        for metric in own.metrics { claims.claim("metric", metric.key) }
        for dashboard in own.dashboards { claims.claim("dashboard", dashboard.name) }
        for setting in own.settings { claims.claim("setting", setting.key) }
        for route in own.routes { claims.claimAlone("route", "\(route.method.rawValue) \(route.path)") }
    }

    private static func claimWork(_ own: Contributions, _ claims: inout Claims) {
        for hook in own.hooks { claims.claim("hook", hook.name) }
        for job in own.jobs { claims.claim("job", job.name) }
        for function in own.functions { claims.claim("function", function.name) }
        for listener in own.listeners { claims.claimAlone("listener to \(listener.hook)", listener.name) }
        for listener in own.afters { claims.claimAlone("listener after \(listener.hook)", listener.name) }
        for migration in own.migrations { claims.claimAlone("migration", migration.name) }
        for demo in own.demos { claims.claimAlone("demo", demo.name) }
    }

    private static func customFieldProblems(_ composition: Composition) -> [PluginProblem] {
        composition.customFields.compactMap { custom in
            guard let owner = composition.owner(of: custom.entity) else { return nil }
            guard owner.schema.fields.contains(where: { $0.name == custom.name }) else { return nil }
            return PluginProblem(
                owner.part.id, "field \(custom.entity).\(custom.name) is already a custom field",
                hint: "Remove the custom field: tenon fields remove \(custom.entity) \(custom.name)")
        }
    }
}

private struct Claims {
    var plugin = ""
    var problems: [PluginProblem] = []
    private var holders: [String: String] = [:]

    /// A name that one plugin in the deployment may have.
    mutating func claim(_ kind: String, _ name: String) {
        let key: String = kind + " " + name
        guard let holder = holders.updateValue(plugin, forKey: key) else { return }
        if holder == plugin {
            problems.append(PluginProblem(plugin, "\(key) is registered twice"))
        } else {
            holders[key] = holder
            problems.append(
                PluginProblem(
                    plugin, "\(key) is claimed by the plugins \(holder) and \(plugin)",
                    hint: "Switch one of them off, or rename it in one of them."))
        }
    }

    /// A name that each plugin may have once.
    mutating func claimAlone(_ kind: String, _ name: String) {
        let key: String = plugin + " " + kind + " " + name
        guard holders.updateValue(plugin, forKey: key) != nil else { return }
        problems.append(PluginProblem(plugin, "\(kind) \(name) is registered twice"))
    }
}
