import PluginAPI

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

    /// As a fact by itself; ``Problem/difference(_:plugin:host:)`` says the same under the field's name.
    var message: String { "\(field.rawValue): the plugin's library \(plugin); the host \(host)" }
}

extension Problem {
    /// A field in which a plugin and this host differ: what each has.
    static func difference(_ field: String, plugin: String, host: String) -> Problem {
        Problem(field: field, "the plugin \(plugin); the host \(host)")
    }

    /// Whether it is one of these: the message of the refusal has said as much.
    var isDifference: Bool { message.hasPrefix("the plugin ") && message.contains("; the host ") }
}
