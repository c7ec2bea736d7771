import PluginAPI

/// Never registers: what it requires is not there.
struct NeedsMissingPlugin: Plugin {
    func register(with crm: inout Registrar) {}
}

@_cdecl("tenon_plugin") public func tenonPlugin() -> UnsafeMutableRawPointer { exportPlugin(NeedsMissingPlugin()) }
