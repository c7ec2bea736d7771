import PluginAPI

/// What has become of a plugin in this deployment.
enum PluginState: String, Sendable, CaseIterable {
    /// Found, never switched on.
    case available
    /// Switched on and running.
    case enabled
    /// Switched off; its data is kept.
    case disabled
    /// Switched on, but it could not start: see the reason.
    case failed
    /// Not let in: see the reason.
    case refused
    /// Switched on, but its files are gone.
    case missing
    /// Switched on, but not loaded any more because it crashed the server again and again; until it is released.
    case quarantined
    /// Switched on, and not loaded because no plugin is: safe mode.
    case held
}

/// A plugin as screens show it.
struct PluginStatus: Sendable {
    /// What a plugin adds to the product, by name.
    struct Additions: Sendable, Equatable {
        var entities: [String] = []
        var hooks: [String] = []
        var actions: [String] = []
        var extensions: [String] = []
        var jobs: [String] = []
        var settings: [String] = []
        var metrics: [String] = []
        var routes: [String] = []
        var functions: [String] = []

        init(_ contributions: Contributions) {
            entities = contributions.entities.filter { !$0.isForeign }.map(\.schema.name)
            hooks = contributions.hooks.map(\.name)
            actions = contributions.actions.filter { !$0.isExtension }.map { $0.entity + "." + $0.name }
            extensions = contributions.actions.filter(\.isExtension).map { $0.entity + "." + $0.name }
            jobs = contributions.jobs.map(\.name)
            settings = contributions.settings.map(\.key)
            metrics = contributions.metrics.map(\.key)
            functions = contributions.functions.map(\.name)
            routes = contributions.routes.map { $0.method.rawValue + " " + $0.path }
        }

        /// From the record, for a plugin that was not loaded.
        init(_ outline: PluginOutline) {
            entities = outline.tables.map(\.name)
            hooks = outline.hooks
            actions = outline.actions
            extensions = outline.extensions
            jobs = outline.jobs
            settings = outline.settings
            metrics = outline.metrics
            routes = outline.routes
        }
    }

    /// Another version than the one on record.
    struct Upgrade: Sendable, Equatable {
        enum State: String, Sendable {
            /// Found, and not asked for yet.
            case waiting
            /// Takes over with the next start.
            case pending
            /// Could not take over.
            case failed
        }
        let state: State
        let version: String
        let reason: String
        let hint: String
    }

    let id: String
    let name: String
    let version: String
    let summary: String
    let licence: String
    let state: PluginState
    /// Why it is in this state, as a lower-case fact; empty when it is plain.
    let reason: String
    /// What to do about it, as a sentence, or empty.
    let hint: String
    /// What is wrong, by the field in which the plugin and this host differ.
    let problems: [Problem]
    let requires: [String]
    let optional: [String]
    /// The enabled plugins that require it.
    let requiredBy: [String]
    /// What it adds; nil while it was not loaded in this process.
    let adds: Additions?
    /// What it asks for beyond its own records, and what of that an administrator has approved.
    let asks: PluginManifest.Capabilities
    let approved: PluginManifest.Capabilities
    let folder: String
    /// The checksum of the library that was switched on.
    let checksum: String?
    /// The checksum of the library in its folder.
    let folderChecksum: String?
    let upgrade: Upgrade?
    let changedAt: Moment?
    /// The user who switched it on or off last; nil when the product itself did.
    let changedBy: Int64?
}
