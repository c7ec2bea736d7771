import FoundationEssentials
import PluginAPI

#if canImport(Glibc)
import Glibc
#endif

/// One run of the command line: its surroundings, which tests replace.
struct Invocation: Sendable {
    var environment: [String: String]
    /// Makes the terminal, once it is known whether colours are wanted.
    var terminal: @Sendable (_ noColor: Bool) -> Terminal
    /// Finds the way to the deployment.
    var connect: @Sendable (ClientOptions) async throws -> APIClient
    /// Reads all of standard input.
    var readInput: @Sendable () throws -> [UInt8]

    @TaskLocal static var current = Invocation.process

    /// The process's own surroundings.
    static let process: Invocation = {
        let environment = ProcessInfo.processInfo.environment
        return Invocation(
            environment: environment,
            terminal: { Terminal.standard(environment: environment, noColor: $0) },
            connect: { try await ClientConnection(options: $0, environment: environment).open() },
            readInput: { try InputFile.standardInput() })
    }()

    /// The data directory that is meant.
    func dataDirectory(_ option: String?) -> String {
        var directory = option ?? environment["TENON_DATA"].flatMap { $0.isEmpty ? nil : $0 } ?? "./data"
        while directory.count > 1, directory.hasSuffix("/") { directory.removeLast() }
        return directory
    }

    /// Notes the database's server that an option or `TENON_DATABASE_URL` names, if one does.
    func remember(_ option: String?, for deployment: Deployment) throws {
        guard let url = option ?? environment["TENON_DATABASE_URL"], !url.isEmpty else { return }
        try deployment.make()
        try deployment.remember(databaseURL: url)
    }
}

/// Reading the files that commands are given.
enum InputFile {
    /// More than the server would take.
    private static let most = 2 * HTTPServer.mostBody
    private static let mostOfSecret = 64 * 1024

    /// A file's bytes, or standard input's for `-`. The file may be a pipe, such as a shell makes of `<(…)`.
    static func read(_ path: String) throws -> [UInt8] { try read(path, most: most) }

    /// A secret from a file: its first line.
    static func secret(_ path: String) throws -> String {
        let text = String(decoding: try read(path, most: mostOfSecret), as: UTF8.self)
        return String(text.prefix { !$0.isNewline })
    }

    static func standardInput() throws -> [UInt8] { try read(STDIN_FILENO, "standard input", most: most) }

    private static func read(_ path: String, most: Int) throws -> [UInt8] {
        if path == "-" { return try Invocation.current.readInput() }
        let descriptor: Int32 = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw errno == ENOENT ? CRMError(.notFound, "there is no file \(path)") : unreadable("the file \(path)", .forbidden)
        }
        defer { close(descriptor) }
        return try read(descriptor, "the file \(path)", most: most)
    }

    /// Reads to the end: what a pipe holds has no size beforehand.
    private static func read(_ descriptor: Int32, _ what: String, most: Int) throws -> [UInt8] {
        var out: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count > 0 {
                out += piece[0..<count]
                guard out.count <= most else { throw CRMError(.tooLarge, "\(what) has more than \(most / 1024) KiB") }
            } else if count == 0 {
                return out
            } else if errno != EINTR {
                throw unreadable(what, descriptor == STDIN_FILENO ? .unavailable : .forbidden)
            }
        }
    }

    private static func unreadable(_ what: String, _ code: CRMError.Code) -> CRMError {
        CRMError(code, "could not read \(what): \(String(cString: strerror(errno)).lowercased())")
    }
}
