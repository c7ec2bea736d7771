import PluginAPI

extension PluginsAPI {
    /// What a plugin did beyond its own records, and what was refused to it: refusals first, then the latest first.
    func uses(of plugin: String, _ caller: Caller) async throws -> FrontResponse {
        if !caller.actor.can(.seeOperations) { try caller.actor.require(.managePlugins) }
        _ = try await kernel.plugins.status(of: plugin)
        let entries = try await kernel.store.calls.uses.entries(of: plugin, kernel.store.engine)
        return .json(
            JSONWriter.object { json in
                json.key("data")
                json.beginArray()
                for entry in entries {
                    json.beginObject()
                    json.field("kind", entry.kind.rawValue)
                    json.field("target", entry.target)
                    json.field("refused", entry.isRefused)
                    json.field("count", entry.count)
                    json.field("first_at", entry.firstAt)
                    json.field("last_at", entry.lastAt)
                    json.field("words", entry.kind.words(entry.target))
                    json.endObject()
                }
                json.endArray()
            })
    }
}
