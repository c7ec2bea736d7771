import FoundationEssentials
import PluginAPI

/// Finds the plugins that could be switched on, from their `plugin.json` alone.
struct PluginCatalogue: Sendable {
    /// A plugin that was found.
    struct Entry: Sendable, Equatable {
        let manifest: PluginManifest
        var folder: String
        /// `plugin.json` as it stands in the file.
        var text = ""
        /// Whether it comes with the product.
        var isOwn = false
        /// The library's checksum, for a copy that is kept.
        var checksum = ""

        var id: String { manifest.id }
        var libraryPath: String { folder + "/" + manifest.libraryFile }
        var copy: PluginCopy { PluginCopy(manifest: text, checksum: checksum) }
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
    /// How many of the folders, from the first on, belong to the product.
    private let ownFolders: Int
    /// Where what was switched on is kept; nil where plugins are loaded from where they are found.
    let kept: KeptCopies?
    /// Where what is uninstalled goes.
    let archives: String
    /// Where each plugin that keeps files has a folder of its own.
    let files: String
    /// Where uploaded files of imports are.
    let imports: String

    init(folders: [String]) {
        self.folders = folders
        ownFolders = 0
        kept = nil
        archives = ""
        files = ""
        imports = ""
    }

    /// The product's own plugins and those of the deployment.
    init(home: Home, dataDirectory: String) {
        folders = home.plugins + [dataDirectory + "/plugins"]
        ownFolders = home.plugins.count
        kept = KeptCopies(folder: dataDirectory + "/kept")
        archives = dataDirectory + "/archives"
        files = dataDirectory + "/files"
        imports = dataDirectory + "/imports"
    }

    /// Looks anew: a plugin put into a folder is there without a restart.
    func discover() -> Contents {
        var contents = Contents()
        for (place, parent) in folders.enumerated() {
            let names: [String] = ((try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []).sorted()
            for name in names {
                let folder: String = parent + "/" + name
                guard let json = FileManager.default.contents(atPath: folder + "/plugin.json") else {
                    if let error = Self.lacking(folder) { contents.broken.append(Broken(id: name, folder: folder, error: error)) }
                    continue
                }
                add(folder, name, Array(json), isOwn: place < ownFolders, to: &contents)
            }
        }
        return contents
    }

    /// Why a folder has no `plugin.json` that can be read; nil where it is no plugin's folder.
    private static func lacking(_ folder: String) -> CRMError? {
        let path: String = folder + "/plugin.json"
        // A link to nothing is there, too.
        let isThere: Bool = (try? FileManager.default.attributesOfItem(atPath: path)) != nil
        let files: [String] = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        guard isThere || files.contains(where: { $0.hasSuffix(".so") }) else { return nil }
        let fact: String = isThere ? "cannot be read" : "is missing"
        return CRMError(
            .unavailable, "plugin.json \(fact)", hint: isThere ? "Look at who may read \(path)." : "Put the plugin's plugin.json beside its library.",
            problems: [Problem(field: "plugin.json", fact)])
    }

    private func add(_ folder: String, _ name: String, _ json: [UInt8], isOwn: Bool, to contents: inout Contents) {
        do {
            let manifest = try PluginManifest(json: json)
            guard let other = contents.entries[manifest.id] else {
                contents.entries[manifest.id] = Entry(
                    manifest: manifest, folder: folder, text: String(decoding: json, as: UTF8.self), isOwn: isOwn)
                return
            }
            let error = CRMError(
                .refused, "the plugin \(manifest.id) is in \(other.folder) and in \(folder)",
                hint: "The first is used; remove one of them.",
                problems: [.difference("id", plugin: "is in \(folder)", host: "uses the one in \(other.folder)")])
            contents.broken.append(Broken(id: manifest.id, folder: folder, error: error))
        } catch {
            var known: CRMError = error as? CRMError ?? CRMError(.malformed, "plugin.json cannot be read", cause: error)
            if known.problems.isEmpty { known.problems = [Problem(field: "plugin.json", known.message)] }
            contents.broken.append(Broken(id: name, folder: folder, error: known))
        }
    }
}
