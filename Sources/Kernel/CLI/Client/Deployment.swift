import FoundationEssentials
import PluginAPI

#if canImport(Glibc)
import Glibc
#endif

/// A data directory as the command line meets it.
struct Deployment: Sendable {
    var directory: String

    /// Whether one was prepared here.
    var exists: Bool { hasFile || databaseURL != nil }

    /// Whether the database is a file in the directory.
    private var hasFile: Bool { access(directory + "/tenon.sqlite", F_OK) == 0 }

    /// The address of the database's server, as ``remember(databaseURL:)`` left it; nil for the file in the directory.
    var databaseURL: String? {
        guard let text = try? String(contentsOfFile: directory + "/database-url", encoding: .utf8) else { return nil }
        let url: String = text.trimmed
        return url.isEmpty ? nil : url
    }

    /// Notes where the database is, for all commands on this directory. Only its owner may read it: it may hold a password.
    func remember(databaseURL url: String) throws {
        _ = try PostgreSQLAddress(url)
        guard url != databaseURL else { return }
        guard !hasFile else {
            throw CRMError.refused(
                "the data directory \(directory) has a database of its own",
                hint: "Name another directory; `tenon backup create` and `tenon backup restore` bring the data there.")
        }
        try keep([url], in: "database-url")
    }

    /// The addresses of the database's copies, as ``remember(replicaURLs:)`` left them.
    var replicaURLs: [String] {
        guard let text = try? String(contentsOfFile: directory + "/replica-urls", encoding: .utf8) else { return [] }
        return text.split(separator: "\n").map(String.init)
    }

    /// Notes the copies of the database that the server reads from.
    func remember(replicaURLs urls: [String]) throws {
        guard urls.isEmpty || databaseURL != nil else {
            throw CRMError(.invalid, "a file has no replicas", hint: "Replicas go with a database on a PostgreSQL server, --database-url.")
        }
        for url in urls { _ = try PostgreSQLAddress(url) }
        if urls != replicaURLs { try keep(urls, in: "replica-urls") }
    }

    private func keep(_ lines: [String], in name: String) throws {
        let file: Int32 = Glibc.open("\(directory)/\(name)", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw CRMError(.unavailable, "could not write \(directory)/\(name): \(String(cString: strerror(errno)).lowercased())") }
        defer { close(file) }
        let bytes: [UInt8] = Array(lines.map { $0 + "\n" }.joined().utf8)
        guard write(file, bytes, bytes.count) == bytes.count else { throw CRMError(.unavailable, "could not write \(directory)/\(name)") }
    }

    func require() throws {
        guard exists else { throw NoDeployment(directory: directory) }
    }

    /// Opens the store and loads the plugins. The lock must be held.
    func open(safeMode: String? = nil) async throws -> Kernel {
        do {
            return try await Kernel.boot(
                Kernel.Options(
                    dataDirectory: directory, databaseURL: databaseURL, replicaURLs: replicaURLs, clock: FileClock.chosen() ?? SystemClock(),
                    safeMode: safeMode))
        } catch let error as CRMError {
            throw error
        } catch {
            throw CRMError(
                .unavailable, "the deployment in \(directory) could not be opened: \(error)",
                hint: databaseURL == nil
                    ? "Look at the disk and at who owns the files; restore them from a backup if they are damaged."
                    : "Look whether the database's server is there, and at the address in \(directory)/database-url.", cause: error)
        }
    }

    /// Makes the directory, for its owner alone; one that is there stays as it is.
    func make() throws {
        var path = directory.hasPrefix("/") ? "" : "."
        for part in directory.split(separator: "/") {
            path += "/" + part
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
                throw CRMError(.unavailable, "could not make the directory \(directory): \(String(cString: strerror(errno)).lowercased())")
            }
        }
    }

    /// The right to write here. Commands that run at the moment are waited for, a server is not.
    func hold(for purpose: String) async throws -> DataDirectoryLock {
        for _ in 0..<100 {
            if let lock = try DataDirectoryLock.take(directory, for: purpose) { return lock }
            if DataDirectoryLock.holder(directory)?.purpose == "tenon serve" { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        let holder = DataDirectoryLock.holder(directory)
        let who = holder.map { "process \($0.process) (\($0.purpose))" } ?? "another process"
        throw CRMError(
            .unavailable, "the data directory \(directory) is held by \(who)",
            hint: "One process at a time writes in it: end that one first, or use another directory.")
    }
}

/// There is nothing in the data directory.
struct NoDeployment: Error {
    var directory: String

    var told: CRMError {
        CRMError(
            .unavailable, "there is no deployment in \(directory)",
            hint: "Name its directory with --data or TENON_DATA, or make one with `tenon init`.")
    }
}
