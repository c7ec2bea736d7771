import FoundationEssentials
import PluginAPI

/// Finds the plugins that could be switched on, from their `plugin.json` alone.
struct PluginCatalogue: Sendable {
    /// A plugin that was found.
    struct Entry: Sendable, Equatable {
        let manifest: PluginManifest
        let folder: String

        var id: String { manifest.id }
        var libraryPath: String { folder + "/" + manifest.libraryFile }
    }

    /// A folder whose plugin cannot be used.
    struct Broken: Sendable {
        /// The id, if it could be read; the folder's name otherwise.
        let id: String
        let folder: String
        let error: CRMError
    }

    struct Contents: Sendable {
        var entries: [String: Entry] = [:]
        var broken: [Broken] = []
    }

    /// The folders that hold a folder for each plugin.
    let folders: [String]

    init(folders: [String]) { self.folders = folders }

    /// The product's own plugins and those of the deployment.
    init(home: Home, dataDirectory: String) { folders = home.plugins + [dataDirectory + "/plugins"] }

    /// Looks anew: a plugin put into a folder is there without a restart.
    func discover() -> Contents {
        var contents = Contents()
        for parent in folders {
            let names: [String] = ((try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []).sorted()
            for name in names {
                let folder: String = parent + "/" + name
                guard let json = FileManager.default.contents(atPath: folder + "/plugin.json") else { continue }
                add(folder, name, Array(json), to: &contents)
            }
        }
        return contents
    }

    private func add(_ folder: String, _ name: String, _ json: [UInt8], to contents: inout Contents) {
        do {
            let manifest = try PluginManifest(json: json)
            guard let other = contents.entries[manifest.id] else {
                contents.entries[manifest.id] = Entry(manifest: manifest, folder: folder)
                return
            }
            let error = CRMError(
                .refused, "the plugin \(manifest.id) is in \(other.folder) and in \(folder)",
                hint: "The first is used; remove one of them.")
            contents.broken.append(Broken(id: manifest.id, folder: folder, error: error))
        } catch let error as CRMError {
            contents.broken.append(Broken(id: name, folder: folder, error: error))
        } catch {
            contents.broken.append(
                Broken(id: name, folder: folder, error: CRMError(.malformed, "plugin.json cannot be read", cause: error)))
        }
    }
}
