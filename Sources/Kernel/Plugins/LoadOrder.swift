/// The order in which plugins are loaded: after all that they require, and after what they can do without where it is there;
/// else by id. The same every time.
struct LoadOrder: Equatable {
    /// The plugins that can be loaded, in order.
    private(set) var ids: [String] = []
    /// Why the others cannot.
    private(set) var reasons: [String: String] = [:]

    /// Orders the plugins to be enabled. The sets tell a plugin that could not start from one that is switched off, and from one
    /// that is not there at all.
    init(_ manifests: [PluginManifest], installed: Set<String> = [], failed: Set<String> = []) {
        var rest: [String: PluginManifest] = Dictionary(manifests.map { ($0.id, $0) }) { first, _ in first }
        refuseIncomplete(&rest, installed, failed)
        while let next = Self.next(rest) {
            ids.append(next)
            rest[next] = nil
        }
        refuseCycles(&rest)
    }

    /// The smallest id that waits for nothing; failing that, one that waits only for plugins that it can do without.
    private static func next(_ rest: [String: PluginManifest]) -> String? {
        let free: [PluginManifest] = rest.values.filter { manifest in !manifest.requires.contains { rest[$0] != nil } }
        let best: String? = free.filter { manifest in !manifest.optional.contains { rest[$0] != nil } }.map(\.id).min()
        return best ?? free.map(\.id).min()
    }

    /// Takes out what requires something that is not to be enabled, and in turn what requires that.
    private mutating func refuseIncomplete(
        _ rest: inout [String: PluginManifest], _ installed: Set<String>, _ failed: Set<String>
    ) {
        var changed = true
        while changed {
            changed = false
            for manifest in rest.values.sorted(by: { $0.id < $1.id }) {
                guard let missing = manifest.requires.first(where: { rest[$0] == nil }) else { continue }
                let why: String =
                    reasons[missing] != nil || failed.contains(missing)
                    ? "cannot start itself" : installed.contains(missing) ? "is switched off" : "is not installed"
                reasons[manifest.id] = "requires the plugin \(missing), which \(why)"
                rest[manifest.id] = nil
                changed = true
            }
        }
    }

    /// What is left requires itself in a circle, or requires something that does.
    private mutating func refuseCycles(_ rest: inout [String: PluginManifest]) {
        for id in rest.keys.sorted() {
            if let circle = Self.circle(from: id, rest) {
                reasons[id] = "requires itself in a circle: " + circle.joined(separator: " → ")
            }
        }
        for id in rest.keys.sorted() where reasons[id] == nil {
            let blocker: String = rest[id]?.requires.first { rest[$0] != nil } ?? ""
            reasons[id] = "requires the plugin \(blocker), which requires itself in a circle"
        }
        rest = [:]
    }

    /// The shortest way from a plugin back to itself, if there is one.
    private static func circle(from start: String, _ rest: [String: PluginManifest]) -> [String]? {
        var paths: [[String]] = [[start]]
        var seen: Set<String> = []
        while !paths.isEmpty {
            var longer: [[String]] = []
            for path in paths {
                for next in rest[path[path.count - 1]]?.requires.sorted() ?? [] where rest[next] != nil {
                    if next == start { return path + [start] }
                    if seen.insert(next).inserted { longer.append(path + [next]) }
                }
            }
            paths = longer
        }
        return nil
    }
}
