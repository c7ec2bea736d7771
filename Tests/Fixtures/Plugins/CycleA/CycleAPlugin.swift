import PluginAPI

/// Never registers: it requires itself by way of another.
struct CycleAPlugin: Plugin {
    func register(with crm: inout Registrar) {}
}

@_cdecl("tenon_plugin") public func tenonPlugin() -> UnsafeMutableRawPointer { exportPlugin(CycleAPlugin()) }
