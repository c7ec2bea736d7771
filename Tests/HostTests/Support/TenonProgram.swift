import Foundation

@testable import Kernel

/// The built program on a deployment of its own, with the plugins of the tree.
final class TenonProgram: Sendable {
    let folder: URL
    var data: URL { folder.appendingPathComponent("data") }
    private var home: URL { folder.appendingPathComponent("home") }

    struct Run: CustomStringConvertible {
        var status: Int32
        var output: String
        var errors: String
        /// The output as JSON; null when it is none.
        var json: JSONValue { (try? JSONValue(parsing: Array(output.utf8))) ?? .null }
        var description: String { "status \(status)\n\(output)\(errors)" }
    }

    struct Server {
        var process: ChildProcess
        var address: String
    }

    struct Silent: Error {
        var said: String
    }

    /// The plugins of the tree by the names of their folders, fixtures included.
    init(_ plugins: [String] = ["Customers", "Leads", "Deals"]) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-program-\(UUID().uuidString)")
        // A home without this folder counts as none, and the one beside the program would do in its place.
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("home/plugins"), withIntermediateDirectories: true)
        for name in plugins {
            let id = name.lowercased()
            let source = ["Plugins/\(name)", "Tests/Fixtures/Plugins/\(name)"].first {
                FileManager.default.fileExists(atPath: Deployment.sources.path + "/\($0)/plugin.json")
            }
            let target = folder.appendingPathComponent("home/plugins/\(id)")
            try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                at: target.appendingPathComponent("plugin.json"),
                withDestinationURL: Deployment.sources.appendingPathComponent("\(source ?? name)/plugin.json"))
            try FileManager.default.createSymbolicLink(
                at: target.appendingPathComponent("lib\(name).so"),
                withDestinationURL: Deployment.buildFolder.appendingPathComponent("lib\(name).so"))
        }
        try FileManager.default.createSymbolicLink(
            at: folder.appendingPathComponent("home/assets"), withDestinationURL: Deployment.sources.appendingPathComponent("Sources/Kernel/Web/Assets"))
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// With an administrator.
    static func prepared(_ plugins: [String] = ["Customers", "Leads", "Deals"]) throws -> TenonProgram {
        let program = try TenonProgram(plugins)
        let run = try program.run("init", "--admin-email", "admin@example.com", "--admin-password-file", "-", input: "a long walk by the sea\n")
        if run.status != 0 { throw Silent(said: run.description) }
        return program
    }

    private func process(
        _ arguments: [String], _ environment: [String: String], input: Int32? = nil, output: Int32, errors: Int32? = 2
    ) throws -> ChildProcess {
        var all = ["TENON_HOME": home.path, "TENON_DATA": data.path, "TZ": "UTC", "PATH": "/usr/bin:/bin"]
        // The tools of the compiler may need it to find their libraries.
        all["LD_LIBRARY_PATH"] = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"]
        return try ChildProcess(
            Deployment.buildFolder.appendingPathComponent("tenon").path, arguments, environment: all.merging(environment) { $1 },
            folder: folder.path, input: input, output: output, errors: errors)
    }

    /// Runs a command line to its end, without a terminal.
    func run(_ arguments: String..., input: String = "", environment: [String: String] = [:]) throws -> Run {
        try run(arguments, input: input, environment: environment)
    }

    func run(_ arguments: [String], input: String = "", environment: [String: String] = [:]) throws -> Run {
        let files: [URL] = (0..<3).map { _ in folder.appendingPathComponent(UUID().uuidString) }
        try Data(input.utf8).write(to: files[0])
        for file in files[1...] { try Data().write(to: file) }
        let given = try FileHandle(forReadingFrom: files[0])
        let (output, errors) = (try FileHandle(forWritingTo: files[1]), try FileHandle(forWritingTo: files[2]))
        let process = try process(
            arguments, environment, input: given.fileDescriptor, output: output.fileDescriptor, errors: errors.fileDescriptor)
        process.waitUntilExit()
        return Run(
            status: process.terminationStatus, output: try String(contentsOf: files[1], encoding: .utf8),
            errors: try String(contentsOf: files[2], encoding: .utf8))
    }

    /// Starts a command line and does not wait for it; what it says is for nobody.
    func begin(_ arguments: String..., environment: [String: String] = [:]) throws -> ChildProcess { try begin(arguments, environment: environment) }

    func begin(_ arguments: [String], environment: [String: String] = [:]) throws -> ChildProcess {
        let nothing = try FileHandle(forUpdating: URL(fileURLWithPath: "/dev/null"))
        return try process(arguments, environment, output: nothing.fileDescriptor, errors: nothing.fileDescriptor)
    }

    /// Starts a server and returns once it says that it answers.
    func serve(_ more: [String] = [], environment: [String: String] = [:], errors: URL? = nil) throws -> Server {
        var log: FileHandle?
        if let errors {
            try Data().write(to: errors)
            log = try FileHandle(forWritingTo: errors)
        }
        let output = Pipe()
        let process = try process(
            ["serve", "--port", "0"] + more, environment, output: output.fileHandleForWriting.fileDescriptor,
            errors: log?.fileDescriptor ?? 2)
        try output.fileHandleForWriting.close()
        var said = ""
        while !said.contains("\n") {
            let piece = output.fileHandleForReading.availableData
            if piece.isEmpty { throw Silent(said: said) }
            said += String(decoding: piece, as: UTF8.self)
        }
        guard said.hasPrefix("listening on http://127.0.0.1:") else { throw Silent(said: said) }
        return Server(process: process, address: String(said.dropFirst("listening on ".count).prefix { $0 != "\n" }))
    }
}
