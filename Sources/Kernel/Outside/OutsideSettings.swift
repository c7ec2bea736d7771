import PluginAPI

extension KernelSettings {
    static let privateAddresses = Setting<Bool>(
        "kernel.private_addresses", "Reach private addresses", default: false,
        .help("Whether webhooks and plugins may reach this machine and the network around it."))
    static let webhookPatience = Setting<Int>(
        "kernel.webhook_days", "Days until a dead webhook is switched off", default: 5, .range(1...30),
        .help("A webhook whose address has not taken anything for so long is switched off, and administrators are told."))
}

extension DeploymentSettings {
    /// The value of a setting of the kernel's own.
    func value<V>(_ setting: Setting<V>) -> V { values[setting.key].flatMap { V(value: $0) } ?? setting.fallback }
}
