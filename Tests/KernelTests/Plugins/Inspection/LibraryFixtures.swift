import Foundation

@testable import Kernel

/// Libraries that the tests build with the machine's own compilers, in a folder beside the tests.
struct LibraryFixtures {
    struct BuildFailed: Error { let command: [String] }

    /// The folder where the build leaves its products.
    static let buildFolder: URL = {
        let executable: URL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return executable.deletingLastPathComponent()
    }()

    static var pluginAPI: URL { buildFolder.appendingPathComponent("libPluginAPI.so") }

    let folder: URL

    init(_ name: String) throws {
        folder = Self.buildFolder.appendingPathComponent("inspection-fixtures/\(name)")
        try? FileManager.default.removeItem(at: folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// A Swift library that uses the host's PluginAPI, as a plugin does.
    func swiftLibrary(_ name: String, _ source: String, options: [String] = []) throws -> URL {
        let file: URL = try write(source, to: "\(name).swift")
        let build: String = Self.buildFolder.path
        return try library(
            name,
            ["swiftc", "-swift-version", "6", "-g", "-emit-library", "-module-name", name, "-I", "\(build)/Modules", "-L", build]
                + [file.path] + options)
    }

    func cLibrary(_ name: String, _ source: String, options: [String] = []) throws -> URL {
        let file: URL = try write(source, to: "\(name).c")
        return try library(name, ["gcc", "-shared", "-fPIC", file.path] + options)
    }

    /// A copy whose `.comment` holds these texts instead of its own.
    func copy(_ library: URL, withComments comments: [String]) throws -> URL {
        let texts: URL = folder.appendingPathComponent("comments")
        try Data(comments.joined(separator: "\0").utf8 + [0]).write(to: texts)
        let copy: URL = folder.appendingPathComponent("recommented.so")
        try Self.run(["objcopy", "--update-section", ".comment=\(texts.path)", library.path, copy.path])
        return copy
    }

    private func library(_ name: String, _ command: [String]) throws -> URL {
        let result: URL = folder.appendingPathComponent("lib\(name).so")
        try Self.run(command + ["-o", result.path])
        return result
    }

    private func write(_ source: String, to name: String) throws -> URL {
        let file: URL = folder.appendingPathComponent(name)
        try source.write(to: file, atomically: true, encoding: .utf8)
        return file
    }

    static func run(_ command: [String]) throws {
        guard try ChildProcess.run(command).status == 0 else { throw BuildFailed(command: command) }
    }
}

/// The Swift library that most tests begin from, built once.
enum FittingPlugin {
    static let source = """
        import PluginAPI
        struct SamplePlugin: Plugin { func register(with crm: inout Registrar) {} }
        @_cdecl("tenon_plugin") public func tenonPlugin() -> UnsafeMutableRawPointer { exportPlugin(SamplePlugin()) }
        """

    static let library = Result {
        try LibraryFixtures("fitting").swiftLibrary("Sample", source, options: ["-lPluginAPI"])
    }

    static func bytes() throws -> [UInt8] { Array(try Data(contentsOf: library.get())) }
}
