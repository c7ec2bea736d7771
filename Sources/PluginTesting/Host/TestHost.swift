import FoundationEssentials
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// The real product on a data directory of its own, with a plugin switched on: what a test does here, a deployment does.
///
/// ```swift
/// let host = try await TestHost.start()
/// let entry = try await host.create("acme-loyalty-entries", ["name": "Ada"])
/// try await host.act("acme-loyalty-entries", entry["id"], "finish")
/// #expect(try await host.page("/admin/acme-loyalty-entries").contains("Ada"))
/// ```
///
/// ### Starting
/// ``start(_:with:clock:demo:file:)``, ``restart()``, ``stop()``
/// ### Records
/// ``create(_:_:as:)``, ``show(_:_:as:)``, ``list(_:_:as:)``, ``update(_:_:_:as:)``, ``delete(_:_:as:)``, ``act(_:_:_:_:as:)``
/// ### Fronts
/// ``get(_:as:)``, ``send(_:_:_:as:)``, ``page(_:as:)``, ``tenon(_:as:input:)``
/// ### Time and background
/// ``settle()``, ``FixedClock``
/// ### Mail
/// ``takeMail(refusing:)``, ``mails``, ``forgetMails()``
public final class TestHost: Sendable {
    /// Which of the product's own plugins are switched on besides the tested one.
    public enum Companions: Sendable {
        /// Those that the plugin requires.
        case required
        /// These, and those that they and the plugin require.
        case only([String])
        /// All that come with the product.
        case all
    }

    /// The plugin under test.
    public let plugin: PluginPackage
    /// The deployment's folder.
    public let data: String
    let product: Product
    let folder: String
    let clock: FixedClock?
    private let companions: Companions
    private let server = Mutex<ChildProcess?>(nil)
    let mailServer = Mutex<LocalMailServer?>(nil)

    /// The address of the administrator for whom everything is done unless said otherwise.
    public static let administrator = "admin@example.com"

    /// Starts the product with a plugin: the one in whose package the calling test stands, unless another is given.
    public static func start(
        _ plugin: PluginPackage? = nil, with companions: Companions = .required, clock: FixedClock? = nil, demo: Bool = false,
        product: Product? = nil, file: String = #filePath
    ) async throws -> TestHost {
        let host = try TestHost(plugin ?? .here(file), companions, product ?? .find(), clock)
        try await host.prepare(demo: demo)
        return host
    }

    /// The same product and plugin on the data of a released version.
    func sibling(on released: ReleasedData) async throws -> TestHost {
        let host = try TestHost(plugin, companions, product, clock)
        try host.chooseCompanions()
        try FileManager.default.createDirectory(atPath: host.data, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: released.folder + "/tenon.sqlite", toPath: host.data + "/tenon.sqlite")
        try plugin.install(into: host.data + "/plugins")
        try await host.serve()
        // The released version's library is not there, as on a machine that was set up anew.
        if try await host.state() != "enabled" { try await host.upgrade() }
        return host
    }

    init(_ plugin: PluginPackage, _ companions: Companions, _ product: Product, _ clock: FixedClock?) throws {
        self.companions = companions
        self.plugin = plugin
        self.product = product
        self.clock = clock
        folder = FileManager.default.temporaryDirectory.path + "/tenon-test-" + UUID().uuidString.prefix(13)
        data = folder + "/data"
        try FileManager.default.createDirectory(atPath: folder + "/home/plugins", withIntermediateDirectories: true)
    }

    deinit {
        if let process = server.withLock({ $0 }) {
            process.signal(SIGKILL)
            process.reap()
        }
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func prepare(demo: Bool) async throws {
        try chooseCompanions()
        // Demo data is what plugins bring that are there already.
        let hasCompanions = !((try? FileManager.default.contentsOfDirectory(atPath: folder + "/home/plugins")) ?? []).isEmpty
        let made = try await tenon(
            ["init", "--admin-email", TestHost.administrator, "--admin-password-file", "-"] + (demo && hasCompanions ? ["--demo"] : []),
            input: "a long walk by the sea\n")
        guard made.status == 0 else { throw HostProblem("no deployment could be prepared: \(made)") }
        try plugin.install(into: data + "/plugins")
        try await serve()
        try await enable()
    }

    /// A home with some of the product's plugins, and never the tested one: that stands in the deployment.
    private func chooseCompanions() throws {
        let all = product.plugins()
        var wanted: [String] =
            switch companions {
            case .required: plugin.requires
            case .only(let ids): plugin.requires + ids
            case .all: Array(all.keys)
            }
        var chosen: Set<String> = []
        while let id = wanted.popLast() {
            guard id != plugin.id, chosen.insert(id).inserted else { continue }
            guard let package = all[id] else { throw HostProblem("the plugin \(plugin.id) requires \(id), which the product in \(product.home) does not have") }
            wanted += package.requires
            try FileManager.default.createSymbolicLink(atPath: folder + "/home/plugins/" + id, withDestinationPath: package.folder)
        }
        try FileManager.default.createSymbolicLink(atPath: folder + "/home/assets", withDestinationPath: product.home + "/assets")
    }

    var environment: [String: String] {
        let outer = ProcessInfo.processInfo.environment
        var inner = ["TENON_HOME": folder + "/home", "TENON_DATA": data, "TZ": "UTC", "PATH": outer["PATH"] ?? "/usr/bin:/bin", "NO_COLOR": "1"]
        for name in ["LD_LIBRARY_PATH", "TMPDIR", "HOME", "LANG"] { inner[name] = outer[name] }
        inner["TENON_SDK"] = product.home + "/sdk"
        // Tests share their machine with compilers; a worker that is slow is not one that hangs.
        inner["TENON_SILENCE_LIMIT"] = "300000"
        inner["TENON_TEST_CLOCK"] = clock?.path
        return inner
    }

    // MARK: The server

    private func serve() async throws {
        let log = folder + "/serve.log"
        try? FileManager.default.removeItem(atPath: log)
        let process = try ChildProcess(
            product.program, ["serve", "--port", "0"], environment: environment, output: log, errors: log)
        server.withLock { $0 = process }
        // The line is a promise of the product; until it stands there, nothing is to be sent.
        while true {
            let said = FileManager.default.contents(atPath: log).map { String(decoding: $0, as: UTF8.self) } ?? ""
            if said.contains("listening on http://") { return }
            if let status = process.ended { throw HostProblem("the product did not start (status \(status)): \(said)") }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// What the product has written to its log so far.
    public var log: String { FileManager.default.contents(atPath: folder + "/serve.log").map { String(decoding: $0, as: UTF8.self) } ?? "" }

    /// The product's address for browsers and other programs, such as `http://127.0.0.1:41234`.
    public var address: String {
        let mark = "listening on "
        return log.split(separator: "\n").first { $0.hasPrefix(mark) }.map { String($0.dropFirst(mark.count)) } ?? ""
    }

    /// Ends the product and starts it again on the same data.
    public func restart() async throws {
        try await stop()
        try await serve()
    }

    /// Ends the product, as an administrator would; its data stays until the host is gone.
    public func stop() async throws {
        guard let process = server.withLock({ process in
            defer { process = nil }
            return process
        }) else { return }
        process.signal(SIGTERM)
        let status = await process.wait()
        guard status == 0 || status == 128 + SIGTERM else { throw HostProblem("the product ended with status \(status): \(log)") }
    }
}
