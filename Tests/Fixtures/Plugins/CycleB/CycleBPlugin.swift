import PluginAPI

/// Never registers: it requires itself by way of another.
struct CycleBPlugin: Plugin {
    func register(with crm: inout Registrar) {}
}

@_cdecl("tenon_plugin") public func tenonPlugin() -> UnsafeMutableRawPointer { exportPlugin(CycleBPlugin()) }
