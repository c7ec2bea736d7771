import PluginAPI

/// The names of a new plugin, derived from its id: `acme-loyalty` is the module `AcmeLoyalty`, called "Acme loyalty".
struct PluginName: Sendable, Equatable {
    /// What a new plugin's names leave room for: its entities and hooks are called after it.
    static let longest = 30
    /// Modules that a plugin's own would hide.
    private static let taken: Set<String> = [
        "Swift", "Foundation", "FoundationEssentials", "Testing", "PluginTesting", "PluginAPI", "Plugin", "Dispatch", "Glibc",
        "Synchronization", "XCTest", "Entry",
    ]

    let id: String

    init(_ id: String) throws {
        guard NameForm.isDashed(id), id.utf8.count <= PluginName.longest else {
            throw CRMError(
                .invalid, "\(id.isEmpty ? "nothing" : id) is no name for a plugin",
                hint: "Take small letters, digits and single dashes, beginning with a letter, at most \(PluginName.longest) of them: acme-loyalty.")
        }
        self.id = id
    }

    private var words: [Substring] { id.split(separator: "-") }

    /// The module and the library.
    var module: String {
        let name: String = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        return PluginName.taken.contains(name) ? name + "Module" : name
    }

    /// In names of entities and hooks.
    var snake: String { words.joined(separator: "_") }

    /// In sentences.
    var phrase: String { words.joined(separator: " ") }

    /// As a heading.
    var title: String { phrase.prefix(1).uppercased() + phrase.dropFirst() }
}
