/// A reason not to load a plugin's library: what it has, what this host has, and what mends it.
struct PluginRefusal: Error, Hashable, Sendable {
    enum Field: String, Sendable {
        case file, architecture, compiler, entry, pluginAPI = "plugin-api", libraries, symbols, initialisers
    }

    let field: Field
    /// What the plugin's library has, as a lower-case fact.
    let plugin: String
    /// What the host has or expects.
    let host: String
    /// A sentence with the command that mends it.
    let hint: String

    var message: String { "\(field.rawValue): the plugin's library \(plugin); the host \(host)" }
}
