/// A business module. One type of the library conforms to it and lists, in ``register(with:)``, all that the module does.
///
/// ```swift
/// struct ProjectsPlugin: Plugin {
///     func register(with crm: inout Registrar) {
///         crm.entity(Project.self)
///         crm.list(Project.self, columns: [Project.name, Project.owner])
///     }
/// }
///
/// @_cdecl("tenon_plugin") public func tenonPlugin() -> UnsafeMutableRawPointer { exportPlugin(ProjectsPlugin()) }
/// ```
public protocol Plugin: Sendable {
    /// Lists what the module contributes. Only records; called once, before anything runs.
    func register(with crm: inout Registrar)
}

/// Hands a plugin to the kernel: the one line of a plugin's entry function, `tenon_plugin`.
public func exportPlugin(_ plugin: some Plugin) -> UnsafeMutableRawPointer {
    Unmanaged.passRetained(PluginBox(plugin)).toOpaque()
}

/// Carries a plugin across the entry function. For the kernel.
public final class PluginBox: Sendable {
    /// The plugin.
    public let plugin: any Plugin
    init(_ plugin: any Plugin) { self.plugin = plugin }
}

/// The version of this interface. A plugin names the range that it works with in `plugin.json`.
public enum PluginAPIVersion {
    /// Changes when something is taken away or changes its meaning.
    public static let major = 1
    /// Changes when something is added.
    public static let minor = 0
}
