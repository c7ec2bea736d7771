import FoundationEssentials

/// What a command came to.
public struct CommandResult: Sendable, CustomStringConvertible {
    /// The exit status.
    public let status: Int32
    /// What it printed.
    public let output: String
    /// What it said on standard error.
    public let errors: String
    /// The output as JSON; null when it is none.
    public var json: JSON { (try? JSON(parsing: output)) ?? .null }
    public var description: String { "status \(status)\n\(output)\(errors)" }
}

extension TestHost {
    /// Runs a command line to its end, without a terminal: `tenon("visits", "list", "--json")`.
    public func tenon(_ arguments: String..., input: String = "") async throws -> CommandResult { try await tenon(arguments, input: input) }

    /// Runs a command line to its end, without a terminal.
    public func tenon(_ arguments: [String], input: String = "") async throws -> CommandResult {
        let base = folder + "/run-" + UUID().uuidString
        let files = (input: base + ".in", output: base + ".out", errors: base + ".err")
        defer { for file in [files.input, files.output, files.errors] { try? FileManager.default.removeItem(atPath: file) } }
        try Data(input.utf8).write(to: URL(filePath: files.input))
        let process = try ChildProcess(
            product.program, arguments, environment: environment, input: files.input, output: files.output, errors: files.errors)
        let status = await process.wait()
        func text(_ file: String) -> String { FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) } ?? "" }
        return CommandResult(status: status, output: text(files.output), errors: text(files.errors))
    }
}
