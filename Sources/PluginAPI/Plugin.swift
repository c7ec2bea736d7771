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
///
/// Compiled into the plugin, so that its library needs the function that is named after the Swift release that compiled it: the
/// host has that of its own release alone, and reads from the file whether they are the same.
@_transparent
public func exportPlugin(_ plugin: some Plugin) -> UnsafeMutableRawPointer {
    #if compiler(>=6.3.4)
        compiledBySwift_later()
    #elseif compiler(>=6.3.3)
        compiledBySwift_6_3_3()
    #elseif compiler(>=6.3.2)
        compiledBySwift_6_3_2()
    #elseif compiler(>=6.3.1)
        compiledBySwift_6_3_1()
    #elseif compiler(>=6.3)
        compiledBySwift_6_3()
    #else
        compiledBySwift_6_2()
    #endif
    return boxedPlugin(plugin)
}

@usableFromInline
func boxedPlugin(_ plugin: some Plugin) -> UnsafeMutableRawPointer { Unmanaged.passRetained(PluginBox(plugin)).toOpaque() }

// One of these, of the release that compiles this.
#if compiler(>=6.3.4)
    @usableFromInline func compiledBySwift_later() {}
#elseif compiler(>=6.3.3)
    @usableFromInline func compiledBySwift_6_3_3() {}
#elseif compiler(>=6.3.2)
    @usableFromInline func compiledBySwift_6_3_2() {}
#elseif compiler(>=6.3.1)
    @usableFromInline func compiledBySwift_6_3_1() {}
#elseif compiler(>=6.3)
    @usableFromInline func compiledBySwift_6_3() {}
#else
    @usableFromInline func compiledBySwift_6_2() {}
#endif

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
    public static let minor = 1
}
