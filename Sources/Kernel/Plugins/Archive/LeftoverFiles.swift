import FoundationEssentials
import Glibc
import Logging
import PluginAPI

/// Files of the data directory that belong to nothing any more: an uninstallation ends with its transaction and moves files after
/// it, and a process may end in between.
struct LeftoverFiles: Sendable {
    struct Item: Sendable, Equatable {
        enum Kind: Sendable, Equatable {
            /// Files of a plugin that was uninstalled: they belong to its archive.
            case plugin(String)
            /// The file of an import that is gone.
            case upload
        }
        /// Below the data directory.
        let path: String
        let kind: Kind
    }

    let dataDirectory: String
    /// A file that was uploaded a moment ago may be there before its import is.
    private static let grace: Int = 3600

    func items(_ connection: any Connection) throws -> [Item] {
        var items: [Item] = []
        let folders: [String] = names(in: "files")
        if !folders.isEmpty {
            let known: Set<String> = Set(try connection.all("SELECT \"id\" FROM \"tenon_plugin\"") { $0.text(0) })
            items += folders.filter { !known.contains($0) }.map { Item(path: "files/" + $0, kind: .plugin($0)) }
        }
        let uploads: [String] = names(in: "imports")
        if !uploads.isEmpty {
            let known: Set<Int64> = Set(try connection.all("SELECT \"id\" FROM \"tenon_import\"") { $0.integer(0) })
            for name in uploads {
                guard let id = Int64(name.prefix { $0 != "." }), !known.contains(id), isOld("imports/" + name) else { continue }
                items.append(Item(path: "imports/" + name, kind: .upload))
            }
        }
        return items
    }

    /// The imports that wait to be run and whose file is not there.
    func missingImports(_ connection: any Connection) throws -> [String] {
        let files = ImportFiles(folder: dataDirectory + "/imports")
        let shared: Set<Int64> = Set(try connection.all("SELECT DISTINCT \"import_id\" FROM \"tenon_import_file\"") { $0.integer(0) })
        return try connection.all("SELECT \"id\" FROM \"tenon_import\" WHERE \"state\" IN ('uploaded', 'checked') ORDER BY \"id\"") { $0.integer(0) }
            .filter { access(files.path(of: $0), F_OK) != 0 && !shared.contains($0) }.map { "import \($0)" }
    }

    /// Puts away what there is; gives what it did. A folder of a plugin that was never uninstalled here is somebody else's: it is
    /// only moved when `all` says so.
    func putAway(_ engine: any Engine, all: Bool) async throws -> [String] {
        guard !names(in: "files").isEmpty || !names(in: "imports").isEmpty else { return [] }
        let found: [(Item, String?)] = try await engine.read { connection in
            try items(connection).map { item in
                guard case .plugin(let id) = item.kind else { return (item, nil) }
                return (item, try archive(of: id, connection))
            }
        }
        var done: [String] = []
        for (item, archive) in found {
            switch item.kind {
            case .upload:
                try FileManager.default.removeItem(atPath: dataDirectory + "/" + item.path)
                done.append("removed \(item.path)")
            case .plugin(let id):
                guard archive != nil || all else { continue }
                let target: String = try place(id, archive)
                try FileManager.default.moveItem(atPath: dataDirectory + "/" + item.path, toPath: target)
                done.append("moved \(item.path) to \(target)")
            }
        }
        return done
    }

    /// The folder that the last uninstallation of a plugin wrote; nil when there was none.
    private func archive(of plugin: String, _ connection: any Connection) throws -> String? {
        let texts: [String] = try connection.all(
            "SELECT changes FROM tenon_audit WHERE entity = ? AND record = 0 AND action = 'uninstalled' ORDER BY id DESC LIMIT 200",
            [.text(PluginHistory.plugins)]) { $0.text(0) }
        for text in texts {
            let json: JSONValue = (try? JSONValue(parsing: Array(text.utf8))) ?? .null
            if json["plugin"]?.array?.last?.text == plugin { return json["archive"]?.array?.last?.text }
        }
        return nil
    }

    private func place(_ plugin: String, _ archive: String?) throws -> String {
        if let archive, access(archive, F_OK) == 0, access(archive + "/files", F_OK) != 0 { return archive + "/files" }
        let folder: String = dataDirectory + "/archives"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        var (target, count) = ("\(folder)/\(plugin)-files", 1)
        while access(target, F_OK) == 0 {
            count += 1
            target = "\(folder)/\(plugin)-files-\(count)"
        }
        return target
    }

    private func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: dataDirectory + "/" + folder)) ?? []).filter { !$0.hasPrefix(".") }.sorted()
    }

    private func isOld(_ path: String) -> Bool {
        var facts = stat()
        guard stat(dataDirectory + "/" + path, &facts) == 0 else { return false }
        return time(nil) - facts.st_mtim.tv_sec > Self.grace
    }
}
