import Foundation
import PluginAPI

/// A program of the machine that does part of a command's work: a compiler, mostly.
struct Tool: Sendable {
    struct End: Sendable {
        var status: Int32
        /// What it said, both streams; empty when it said so to the terminal.
        var output: String
    }

    let name: String
    let arguments: [String]
    let environment: [String: String]

    init(_ name: String, _ arguments: [String], environment: [String: String]) {
        self.name = name
        self.arguments = arguments
        self.environment = environment
    }

    /// Runs it to its end. Quiet, its words are kept; else they go where ours go.
    func run(isQuiet: Bool) async throws -> End {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try path())
        process.arguments = arguments
        process.environment = environment
        let words = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-tool-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: words) }
        if isQuiet {
            _ = FileManager.default.createFile(atPath: words.path, contents: nil, attributes: [.posixPermissions: 0o600])
            let file = try FileHandle(forWritingTo: words)
            process.standardOutput = file
            process.standardError = file
            process.standardInput = FileHandle.nullDevice
        }
        let status: Int32 = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return End(status: status, output: isQuiet ? String(decoding: try Data(contentsOf: words), as: UTF8.self) : "")
    }

    private func path() throws -> String {
        if name.contains("/") { return name }
        for folder in (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":") {
            let path: String = folder + "/" + name
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        let hint: String = name == "swift"
            ? "Install the Swift toolchain that the product was built with, and put its usr/bin folder on PATH."
            : "Install a C compiler: apt-get install gcc."
        throw CRMError(.unavailable, "there is no \(name) on this machine's PATH", hint: hint)
    }
}
