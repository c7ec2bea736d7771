import FoundationEssentials
import PluginAPI

#if canImport(Glibc)
import Glibc
#endif

/// How a backup comes into a data directory. Everything is put together in a folder beside its place and takes its names last, so
/// that an end in the middle leaves what was there.
struct RestorePlan: Sendable {
    let deployment: Deployment
    let file: String
    /// The database's server; nil for a file in the data directory, unless one is on record there.
    private let given: String?

    init(deployment: Deployment, file: String, url: String?) {
        self.deployment = deployment
        self.file = file
        given = url
    }

    private var directory: String { deployment.directory }
    private var workshop: String { directory + "/restoring" }
    private var url: String? { given ?? deployment.databaseURL }
    var kind: DialectKind { url == nil ? .sqlite : .postgresql }

    /// What is there already.
    struct Standing: Sendable {
        var hasFiles = false
        var hasTables = false
        /// What to ask before it gives way; nil where there is nothing.
        var question: String?
    }

    struct Outcome: Sendable {
        /// Where the files of the deployment went that was there before.
        var aside: String?
        var warnings: [String] = []
    }

    private func isThere(_ name: String) -> Bool { access(directory + "/" + name, F_OK) == 0 }

    func standing() async throws -> Standing {
        var standing = Standing()
        standing.hasFiles = (["tenon.sqlite"] + BackupTables.folders).contains(where: isThere)
        if let url {
            guard !isThere("tenon.sqlite") else {
                throw CRMError.refused(
                    "the data directory \(directory) has a database of its own", hint: "Name another directory for the one on the server.")
            }
            let (hasTables, servers) = try await withEngine(url) { engine in
                try await engine.read { (try !BackupRestorer.isEmpty($0), try Self.servers($0)) }
            }
            guard servers == 0 else {
                throw CRMError(
                    .unavailable, "\(servers == 1 ? "a server works" : "\(servers) servers work") on that database",
                    hint: "End all servers of it first, wherever they run.")
            }
            standing.hasTables = hasTables
        }
        if standing.hasTables {
            standing.question = "There is a deployment in that database. Drop all of it for the backup?"
        } else if isThere("tenon.sqlite") {
            standing.question = "There is a deployment in \(directory). Move it aside for the backup?"
        }
        return standing
    }

    /// How many servers gave a sign of life within the last half minute.
    private static func servers(_ connection: any Connection) throws -> Int64 {
        guard try connection.columns(of: "tenon_peer").isSuperset(of: ["seen_at", "left_at"]) else { return 0 }
        let recently: Int64 = SystemClock().now.adding(seconds: -30).milliseconds
        return try connection.integer("SELECT count(*) FROM tenon_peer WHERE left_at IS NULL AND seen_at > ?", [.integer(recently)]) ?? 0
    }

    private func withEngine<T: Sendable>(_ url: String, _ body: (PostgreSQLEngine) async throws -> T) async throws -> T {
        let engine: PostgreSQLEngine
        do { engine = try PostgreSQLEngine(try PostgreSQLAddress(url)) } catch let error as CRMError { throw error } catch {
            throw CRMError(
                .unavailable, "the database could not be reached: \(error)",
                hint: "Look whether its server is there, and at the address: postgres://user@host:5432/name", cause: error)
        }
        do {
            let result: T = try await body(engine)
            try await engine.close()
            return result
        } catch {
            try? await engine.close()
            throw error
        }
    }

    func carryOut(_ manifest: BackupManifest, _ standing: Standing) async throws -> Outcome {
        let restorer = BackupRestorer(path: file, manifest: manifest)
        var outcome = Outcome()
        try? FileManager.default.removeItem(atPath: workshop)
        try FileManager.default.createDirectory(atPath: workshop, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        do {
            try restorer.placeFiles(in: workshop)
            if let url {
                try await withEngine(url) { try await restorer.fill($0, replacing: standing.hasTables, at: SystemClock().now) }
            } else {
                let engine = try SQLiteEngine(path: workshop + "/tenon.sqlite")
                do { try await restorer.fill(engine, replacing: false, at: SystemClock().now) } catch {
                    try? await engine.close()
                    throw error
                }
                try await engine.close()
            }
        } catch {
            try? FileManager.default.removeItem(atPath: workshop)
            throw error
        }
        if standing.hasFiles { outcome.aside = try moveAside() }
        try moveIn()
        if let url { try deployment.remember(databaseURL: url) }
        outcome.warnings = try await makeAnew()
        return outcome
    }

    /// Moves what was there into a folder of its own: nothing is deleted.
    private func moveAside() throws -> String {
        let stamp: String = SystemClock().now.description.filter { $0.isNumber || $0 == "T" || $0 == "Z" }
        var (folder, count) = (directory + "/replaced-" + stamp, 1)
        while access(folder, F_OK) == 0 {
            count += 1
            folder = directory + "/replaced-\(stamp)-\(count)"
        }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        // The database goes first: without it there is no deployment, and what is left of it is moved by the next try.
        for name in ["tenon.sqlite", "tenon.sqlite-wal", "tenon.sqlite-shm"] + BackupTables.folders where isThere(name) {
            try move(directory + "/" + name, to: folder + "/" + name)
        }
        return folder
    }

    private func moveIn() throws {
        for name in BackupTables.folders + ["tenon.sqlite-wal", "tenon.sqlite"] where access(workshop + "/" + name, F_OK) == 0 {
            try move(workshop + "/" + name, to: directory + "/" + name)
        }
        try? FileManager.default.removeItem(atPath: workshop)
        let folder: Int32 = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }

    private func move(_ from: String, to target: String) throws {
        guard rename(from, target) == 0 else {
            throw CRMError(.unavailable, "could not move \(from) to \(target): \(String(cString: strerror(errno)).lowercased())")
        }
    }

    /// Starts the deployment once: plugins make their indexes, and what follows from the records is made anew. Gives what does not
    /// run as it did.
    private func makeAnew() async throws -> [String] {
        let kernel: Kernel = try await deployment.open()
        do {
            try await DerivedTables(store: kernel.store, rights: kernel.rights).makeAnew(kernel.duplicates)
            let warnings: [String] = try await kernel.plugins.notRunning()
            try await kernel.stop()
            return warnings
        } catch {
            try? await kernel.stop()
            throw error
        }
    }
}

extension PluginHost {
    /// The plugins that are switched on and do not run, each with the reason.
    fileprivate func notRunning() throws -> [String] {
        let wanted: Set<String> = Set(try requireLedger().rows.filter(\.value.isEnabled).keys)
        return try statuses().filter { wanted.contains($0.id) && !lineup.has($0.id) }.map { status in
            "the plugin \(status.id) does not run: \(status.reason)" + (status.hint.isEmpty ? "" : ". " + status.hint)
        }
    }
}
