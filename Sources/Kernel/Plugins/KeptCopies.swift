import FoundationEssentials
import PluginAPI

/// One version of a plugin as it was let in: the text of its manifest, and the checksum of its library.
struct PluginCopy: Sendable, Equatable, Codable {
    var manifest: String
    var checksum: String
}

/// Copies of what was switched on, in `<data>/kept/<id>/<checksum>/`. What runs is loaded from here, so that a deleted, damaged
/// or newer library among the plugins changes nothing until somebody says so.
struct KeptCopies: Sendable {
    let folder: String

    private func place(_ id: String, _ checksum: String) -> String { folder + "/" + id + "/" + checksum }

    /// Copies a plugin here, as its bytes are now, and gives the copy.
    func keep(_ entry: PluginCatalogue.Entry) throws -> PluginCatalogue.Entry {
        guard let bytes = FileManager.default.contents(atPath: entry.libraryPath) else { throw Self.missing(entry) }
        var copy: PluginCatalogue.Entry = entry
        copy.checksum = Checksum.sha256(Array(bytes))
        copy.folder = place(entry.id, copy.checksum)
        if Checksum.sha256(of: copy.libraryPath) == copy.checksum { return copy }
        do {
            try FileManager.default.createDirectory(
                atPath: copy.folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            // Whole or not at all: a crash in the middle must not leave half a library under a name that promises more.
            try bytes.write(to: URL(filePath: copy.libraryPath), options: .atomic)
            try Data(entry.text.utf8).write(to: URL(filePath: copy.folder + "/plugin.json"), options: .atomic)
        } catch {
            throw CRMError(
                .unavailable, "the plugin \(entry.id) could not be copied to \(copy.folder)", hint: "Look at the disk and at who owns it.",
                cause: error)
        }
        return copy
    }

    /// What was kept, if its bytes are still those on record.
    func entry(_ id: String, _ copy: PluginCopy, isOwn: Bool) throws -> PluginCatalogue.Entry {
        let manifest = try PluginManifest(json: Array(copy.manifest.utf8))
        let entry = PluginCatalogue.Entry(
            manifest: manifest, folder: place(id, copy.checksum), text: copy.manifest, isOwn: isOwn, checksum: copy.checksum)
        let found: String? = Checksum.sha256(of: entry.libraryPath)
        if found == copy.checksum { return entry }
        let fact: String = found.map { "has the checksum \(Checksum.short($0))" } ?? "is gone"
        throw CRMError(
            .refused,
            "the kept library of the plugin \(id) \(fact); the one that was switched on has \(Checksum.short(copy.checksum))",
            hint: "Look who wrote into \(folder). To take what is in the plugins folder instead: tenon plugin upgrade \(id)",
            problems: [.difference("checksum", plugin: found ?? "none", host: copy.checksum)])
    }

    /// Removes all copies of a plugin but some.
    func prune(_ id: String, keeping checksums: Set<String>) {
        let names: [String] = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/" + id)) ?? []
        for name in names where !checksums.contains(name) { try? FileManager.default.removeItem(atPath: place(id, name)) }
        if checksums.isEmpty { try? FileManager.default.removeItem(atPath: folder + "/" + id) }
    }

    /// The plugins of which something is kept.
    var ids: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted() }

    static func missing(_ entry: PluginCatalogue.Entry) -> CRMError {
        CRMError(
            .refused, "the plugin \(entry.id) has no library \(entry.manifest.libraryFile) in \(entry.folder)",
            hint: "Build it: tenon plugin build \(entry.id)",
            problems: [.difference("library", plugin: "has none in \(entry.folder)", host: "looks for \(entry.manifest.libraryFile)")])
    }
}
