import PluginAPI

/// Keys of settings, jobs and metrics begin with the plugin's id, so that everyone sees whose they are.
enum KeyPrefixCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        composition.parts.filter { $0.id != Composition.kernel }.flatMap { part -> [PluginProblem] in
            let keys: [(String, String)] =
                part.contributions.settings.map { ("setting", $0.key) } + part.contributions.jobs.map { ("job", $0.name) }
                + part.contributions.metrics.map { ("metric", $0.key) }
            return keys.compactMap { kind, key in
                if NameForm.isKey(key), key.hasPrefix(part.id + ".") { return nil }
                return PluginProblem(part.id, "\(kind) \(key) does not begin with \"\(part.id).\"", hint: "Name it \(part.id).some_name.")
            }
        }
    }
}
