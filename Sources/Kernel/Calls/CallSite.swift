import CCrash
import Synchronization

/// What kind of code of a plugin is called.
enum CallKind: String, Sendable, CaseIterable {
    case register
    case prepare
    case validate
    case onSave = "on_save"
    case onDelete = "on_delete"
    case listener
    case available
    case prefill
    case action
    case panel
    case function
    case after
    case route
    case job
    case migration
    case demo
}

/// A piece of a plugin's code that the kernel calls, by name. Made when a registry is built, once in a process for each
/// name, and never forgotten: a running call is noted by the site's number alone.
final class CallSite: Sendable {
    /// Counts from 1.
    let number: UInt32
    let plugin: String
    let kind: CallKind
    /// What it is tied to: the entity of a rule, the hook of a listener, the path of a route.
    let name: String
    /// Whether its time counts: the kernel's own rules go through the same door, and are nobody's fault but ours.
    let isBudgeted: Bool

    private init(number: UInt32, plugin: String, kind: CallKind, name: String) {
        self.number = number
        self.plugin = plugin
        self.kind = kind
        self.name = name
        isBudgeted = !plugin.isEmpty && plugin != Composition.kernel
    }

    private struct Key: Hashable {
        let plugin: String
        let kind: CallKind
        let name: String
    }
    private struct Known {
        var byKey: [Key: CallSite] = [:]
        var byNumber: [CallSite] = []
    }
    private static let known = Mutex(Known())

    /// The site of this name; the same one every time.
    static func of(_ plugin: String, _ kind: CallKind, _ name: String) -> CallSite {
        known.withLock { known in
            let key = Key(plugin: plugin, kind: kind, name: name)
            if let site = known.byKey[key] { return site }
            let site = CallSite(number: UInt32(known.byNumber.count + 1), plugin: plugin, kind: kind, name: name)
            known.byKey[key] = site
            tenon_crash_note_site(site.number, site.description)
            known.byNumber.append(site)
            return site
        }
    }

    /// For what is not code, and for tests.
    static let unnamed = CallSite.of("", .function, "")

    /// A site by its number, or nil.
    static func numbered(_ number: UInt32) -> CallSite? {
        known.withLock { known in
            let place = Int(number) - 1
            return known.byNumber.indices.contains(place) ? known.byNumber[place] : nil
        }
    }
}

extension CallSite: CustomStringConvertible {
    /// As people read it: `projects: on_save project`.
    var description: String { "\(plugin): \(kind.rawValue) \(name)" }
}
