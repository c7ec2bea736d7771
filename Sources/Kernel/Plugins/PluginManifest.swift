import PluginAPI

/// `plugin.json`: all that is known about a plugin without loading it.
struct PluginManifest: Sendable, Equatable {
    /// What happens to a start of the product when the plugin cannot start.
    enum BootFailure: String, Sendable {
        /// The plugin is left out, with its reason on record.
        case `continue`
        /// The start ends.
        case abort
    }

    var id: String
    var name: String
    var version: PluginVersion
    /// The interface that it was written for: from this version on, below that one.
    var apiFrom: PluginVersion
    var apiBelow: PluginVersion
    var summary: String
    var licence: String
    var requires: [String] = []
    var optional: [String] = []
    var capabilities = Capabilities()
    /// The library without `lib` and `.so`.
    var library: String
    var onBootFailure = BootFailure.continue
    /// What a library in another language offers; nil for a plugin in Swift.
    var foreign: ForeignInterface?

    /// The library's file within the plugin's folder.
    var libraryFile: String { library.hasSuffix(".so") ? library : "lib\(library).so" }

    /// Why this release of the interface does not fit; nil when it does.
    var apiRefusal: CRMError? {
        let host = PluginVersion([PluginAPIVersion.major, PluginAPIVersion.minor])
        guard host < apiFrom || host >= apiBelow else { return nil }
        return CRMError(
            .refused, "the plugin \(id) is written for PluginAPI from \(apiFrom) to below \(apiBelow), and this host has \(host)",
            hint: host < apiFrom
                ? "Install a newer release of the product, or an older one of the plugin."
                : "Install a newer release of the plugin, or correct \"api\" in its plugin.json and run: tenon plugin build \(id)",
            problems: [.difference("api", plugin: "from \(apiFrom) to below \(apiBelow)", host: host.description)])
    }
}

/// Numbers with dots, compared one by one: 1.10 is later than 1.9.
struct PluginVersion: Sendable, Comparable, CustomStringConvertible {
    let parts: [Int]

    init(_ parts: [Int]) { self.parts = parts }

    init?(_ text: String) {
        let parts: [Int?] = text.split(separator: ".", omittingEmptySubsequences: false).map { $0.utf8.allSatisfy { $0 >= 48 && $0 <= 57 } ? Int($0) : nil }
        guard (1...4).contains(parts.count), !parts.contains(nil) else { return nil }
        self.parts = parts.compactMap { $0 }
    }

    var description: String { parts.map(String.init).joined(separator: ".") }

    private func part(_ index: Int) -> Int { index < parts.count ? parts[index] : 0 }

    static func < (left: PluginVersion, right: PluginVersion) -> Bool {
        for index in 0..<4 where left.part(index) != right.part(index) { return left.part(index) < right.part(index) }
        return false
    }

    static func == (left: PluginVersion, right: PluginVersion) -> Bool { !(left < right) && !(right < left) }
}
