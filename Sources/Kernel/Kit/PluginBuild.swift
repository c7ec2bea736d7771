import Foundation
import PluginAPI

/// Builds a plugin with the compilers of this machine, and looks whether this host would let the library in.
struct PluginBuild: Sendable {
    enum Configuration: String, Sendable { case debug, release }

    let project: PluginProject
    let configuration: Configuration
    /// Where the SDK stands; needed by plugins in Swift.
    let sdk: SDK?

    /// Builds and returns the library's path. What the compilers say goes to the terminal, or into the error when it is quiet.
    func run(isQuiet: Bool = false) async throws -> String {
        switch project.language {
        case .swift: try await swift(isQuiet)
        case .c(let sources): try await c(sources, isQuiet)
        case .other: try existing()
        }
    }

    private func swift(_ isQuiet: Bool) async throws -> String {
        let package = ["--package-path", project.folder, "--configuration", configuration.rawValue]
        let library: String = project.manifest.libraryFile
        let product: String = library.hasPrefix("lib") ? String(library.dropFirst(3).dropLast(3)) : project.manifest.library
        try await tool("swift", ["build"] + package + ["--product", product], isQuiet)
        return project.folder + "/.build/" + configuration.rawValue + "/" + library
    }

    private func c(_ sources: [String], _ isQuiet: Bool) async throws -> String {
        let folder: String = project.folder + "/.build/" + configuration.rawValue
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let library: String = folder + "/" + project.manifest.libraryFile
        let care: [String] = configuration == .debug ? ["-O0", "-g"] : ["-O2", "-g"]
        let files: [String] = sources.map { project.folder + "/" + $0 }
        try await tool("cc", ["-shared", "-fPIC", "-Wall", "-Wextra"] + care + ["-o", library] + files, isQuiet)
        return library
    }

    private func existing() throws -> String {
        let library: String = project.folder + "/" + project.manifest.libraryFile
        guard FileManager.default.fileExists(atPath: library) else {
            throw CRMError(
                .refused, "there is nothing to build in \(project.folder), and no \(project.manifest.libraryFile)",
                hint: "A plugin in Swift has a Package.swift, one in C has files that end in .c; others put the library beside plugin.json.")
        }
        return library
    }

    private func tool(_ name: String, _ arguments: [String], _ isQuiet: Bool) async throws {
        var environment: [String: String] = Invocation.current.environment
        environment["TENON_SDK"] = sdk?.folder
        let end = try await Tool(name, arguments, environment: environment).run(isQuiet: isQuiet)
        guard end.status == 0 else { throw BuildFailure(plugin: project.manifest.id, tool: name, output: end.output) }
    }
}

/// The compilers refused a plugin.
struct BuildFailure: Error {
    var plugin: String
    var tool: String
    /// What they said, if nobody has seen it yet.
    var output: String

    /// The lines that say what is wrong.
    var essence: String {
        let lines: [Substring] = output.split(separator: "\n")
        let errors: [Substring] = lines.filter { $0.contains("error:") }
        var seen: Set<Substring> = []
        let distinct: [Substring] = errors.filter { seen.insert($0).inserted }
        return (distinct.isEmpty ? Array(lines.suffix(20)) : Array(distinct.prefix(20))).joined(separator: "\n")
    }

    var told: CRMError { CRMError.refused("the plugin \(plugin) does not build", hint: "What \(tool) says stands above.") }
}

extension PluginProject {
    /// The SDK where the plugin's language needs one.
    func requiredSDK() throws -> SDK? { language == .swift ? try SDK.find() : nil }
}

extension PluginBuild {
    /// Throws with all reasons when this host would refuse the library. Reads it only; nothing of it runs.
    func inspect(_ library: String) throws {
        if let refusal = project.manifest.apiRefusal { throw refusal }
        let refusals: [PluginRefusal] = PluginInspector(host: try HostLibraries()).inspect(library, expecting: project.manifest.expectation)
        guard !refusals.isEmpty else { return }
        throw CRMError(
            .refused, "this host would refuse the plugin \(project.manifest.id): " + refusals.map(\.message).joined(separator: "; "),
            hint: "Build it with the compiler that the host was built with: \(CompilerStamp.hostName).")
    }
}

extension CompilerStamp {
    /// The host's own compiler, in words.
    static var hostName: String { (try? HostLibraries())?.compiler.description ?? "unknown" }
}
