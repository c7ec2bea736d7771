import Foundation
import PluginTesting
import Testing

@testable import Kernel

/// A new plugin as its author has it, built.
struct Workplace {
    let folder: String
    private let sdk = SDK(folder: Deployment.buildFolder.path + "/tenon-home/sdk")

    init() async throws {
        folder = FileManager.default.temporaryDirectory.path + "/tenon-work-" + UUID().uuidString.prefix(8) + "/acme-loyalty"
        try NewPlugin(name: PluginName("acme-loyalty"), sdk: sdk).write(to: folder)
        try await build()
    }

    func build() async throws {
        _ = try await PluginBuild(project: PluginProject(folder), configuration: .debug, sdk: sdk).run(isQuiet: true)
    }

    func package() throws -> PluginPackage { try PluginPackage(folder: folder) }

    func edit(_ file: String, _ old: String, _ new: String) throws {
        let path: String = folder + "/" + file
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try #require(text.contains(old))
        try Data(text.replacingOccurrences(of: old, with: new).utf8).write(to: URL(fileURLWithPath: path))
    }

    func remove() { try? FileManager.default.removeItem(atPath: URL(fileURLWithPath: folder).deletingLastPathComponent().path) }
}
