import Foundation
import PluginAPI

/// Sees when the files of a plugin change. It looks at them several times a second, which works on every file system and costs
/// nothing worth mentioning for a plugin's few files.
struct SourceWatch: Sendable {
    private struct Mark: Equatable {
        var changed: Date
        var size: Int
    }

    let project: PluginProject
    private var seen: [String: Mark]

    init(_ project: PluginProject) {
        self.project = project
        seen = SourceWatch.marks(project)
    }

    /// Returns when something has changed since the last time, and nothing changes any more: an editor may write several files.
    /// Gives what changed.
    mutating func change() async throws -> [String] {
        while true {
            try await Task.sleep(for: .milliseconds(150))
            let now = SourceWatch.marks(project)
            guard now != seen else { continue }
            var settled = now
            while true {
                try await Task.sleep(for: .milliseconds(100))
                let next = SourceWatch.marks(project)
                if next == settled { break }
                settled = next
            }
            let paths: Set<String> = Set(seen.keys).union(settled.keys)
            let changed: [String] = paths.filter { seen[$0] != settled[$0] }.sorted()
            seen = settled
            if !changed.isEmpty { return changed }
        }
    }

    private static func marks(_ project: PluginProject) -> [String: Mark] {
        var marks: [String: Mark] = [:]
        for path in project.watched {
            guard let facts = try? FileManager.default.attributesOfItem(atPath: project.folder + "/" + path) else { continue }
            marks[path] = Mark(changed: facts[.modificationDate] as? Date ?? .distantPast, size: facts[.size] as? Int ?? 0)
        }
        return marks
    }
}
