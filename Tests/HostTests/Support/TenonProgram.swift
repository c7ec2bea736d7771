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
        var process: Process
        var address: String
    }

    struct Silent: Error {
        var said: String
    }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-program-\(UUID().uuidString)")
        for (id, name) in [("customers", "Customers"), ("leads", "Leads"), ("deals", "Deals")] {
            let target = folder.appendingPathComponent("home/plugins/\(id)")
            try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                at: target.appendingPathComponent("plugin.json"),
                withDestinationURL: Deployment.sources.appendingPathComponent("Plugins/\(name)/plugin.json"))
            try FileManager.default.createSymbolicLink(
                at: target.appendingPathComponent("lib\(name).so"),
                withDestinationURL: Deployment.buildFolder.appendingPathComponent("lib\(name).so"))
        }
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("home/assets"), withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// With an administrator.
    static func prepared() throws -> TenonProgram {
        let program = try TenonProgram()
        let run = try program.run("init", "--admin-email", "admin@example.com", "--admin-password-file", "-", input: "a long walk by the sea\n")
        if run.status != 0 { throw Silent(said: run.description) }
        return program
    }

    private func process(_ arguments: [String], _ environment: [String: String]) -> Process {
        let process = Process()
        process.executableURL = Deployment.buildFolder.appendingPathComponent("tenon")
        process.arguments = arguments
        process.currentDirectoryURL = folder
        var all = ["TENON_HOME": home.path, "TENON_DATA": data.path, "TZ": "UTC", "PATH": "/usr/bin:/bin"]
        // The tools of the compiler may need it to find their libraries.
        all["LD_LIBRARY_PATH"] = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"]
        process.environment = all.merging(environment) { $1 }
        return process
    }

    /// Runs a command line to its end, without a terminal.
    func run(_ arguments: String..., input: String = "", environment: [String: String] = [:]) throws -> Run {
        try run(arguments, input: input, environment: environment)
    }

    func run(_ arguments: [String], input: String = "", environment: [String: String] = [:]) throws -> Run {
        let process = process(arguments, environment)
        let (given, output, errors) = (Pipe(), folder.appendingPathComponent(UUID().uuidString), folder.appendingPathComponent(UUID().uuidString))
        for file in [output, errors] { FileManager.default.createFile(atPath: file.path, contents: nil) }
        process.standardInput = given
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        try given.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try given.fileHandleForWriting.close()
        process.waitUntilExit()
        return Run(
            status: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
            errors: try String(contentsOf: errors, encoding: .utf8))
    }

    /// Starts a server and returns once it says that it answers.
    func serve() throws -> Server {
        let process = process(["serve", "--port", "0"], [:])
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
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
