/// What a plugin's manifest promises about its library.
struct PluginExpectation: Sendable {
    enum Kind: Sendable {
        /// Speaks PluginAPI, so that its compiler and its copy of PluginAPI matter.
        case swift
        /// Offers plain C functions and knows nothing of the host.
        case foreign
    }

    /// The function that hands over a Swift plugin.
    static let entrySymbol = "tenon_plugin"

    let id: String
    let kind: Kind
    /// The functions that the library must offer.
    let functions: [String]

    static func swift(id: String) -> PluginExpectation {
        PluginExpectation(id: id, kind: .swift, functions: [entrySymbol])
    }

    static func foreign(id: String, functions: [String]) -> PluginExpectation {
        PluginExpectation(id: id, kind: .foreign, functions: functions)
    }
}

extension PluginManifest {
    /// What the library must be and offer.
    var expectation: PluginExpectation {
        foreign.map { .foreign(id: id, functions: $0.symbols) } ?? .swift(id: id)
    }
}
