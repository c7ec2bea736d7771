import FoundationEssentials

#if canImport(Glibc)
import Glibc
#endif

/// The product that tests run against: the program and its home.
public struct Product: Sendable {
    /// The program `tenon`.
    public let program: String
    /// The folder with the product's own plugins and assets.
    public let home: String

    /// The product that `TENON_EXECUTABLE` names, else the one whose SDK this library was built from, else the one on the path.
    public static func find() throws -> Product {
        let environment = ProcessInfo.processInfo.environment
        // <sdk>/PluginTesting/Host/Product.swift; the SDK has a link to its program.
        let sdk = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
        var candidates: [String] = []
        if let named = environment["TENON_EXECUTABLE"], !named.isEmpty { candidates.append(named) }
        if let other = environment["TENON_SDK"], !other.isEmpty { candidates.append(other + "/tenon") }
        candidates.append(sdk + "/tenon")
        candidates += (environment["PATH"] ?? "").split(separator: ":").map { $0 + "/tenon" }
        for candidate in candidates where access(candidate, X_OK) == 0 { return try Product(program: candidate) }
        throw HostProblem("the product is not there: looked for \(candidates.joined(separator: ", ")). Name it in TENON_EXECUTABLE.")
    }

    /// A product by its program.
    public init(program: String) throws {
        guard let resolved = realpath(program, nil) else { throw HostProblem("there is no program \(program)") }
        defer { free(resolved) }
        self.program = String(cString: resolved)
        let folder = URL(filePath: self.program).deletingLastPathComponent().path
        let named = ProcessInfo.processInfo.environment["TENON_HOME"] ?? ""
        let homes = [named, folder + "/tenon-home", folder + "/../lib/tenon"].filter { !$0.isEmpty }
        guard let home = homes.first(where: { access($0 + "/plugins", R_OK) == 0 }) else {
            throw HostProblem("the product \(self.program) has no home: looked for \(homes.joined(separator: ", "))")
        }
        self.home = home
    }

    /// The product's own plugins by id, with their folders.
    func plugins() -> [String: PluginPackage] {
        var found: [String: PluginPackage] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: home + "/plugins")) ?? [] {
            guard let package = try? PluginPackage(folder: home + "/plugins/" + name) else { continue }
            found[package.id] = package
        }
        return found
    }
}
