import Foundation
import PluginAPI

/// Loads plugins that this process has not loaded, in a process of its own, and says what they add. A library that crashes there
/// harms nobody, and this process stays free to load another version.
///
/// What is tried has passed the inspection: the program does not load what the inspection refuses.
struct PluginTrial: Sendable {
    struct Request: Codable {
        struct Plugin: Codable {
            var manifest: String
            var folder: String
            var checksum: String
        }
        struct Field: Codable {
            var entity: String
            var name: String
            var definition: CustomFieldDefinition
        }
        var plugins: [Plugin]
        var fields: [Field]
        var dialect: DialectKind
    }

    struct Answer: Codable {
        struct Failure: Codable {
            var state: String
            var message: String
            var hint: String
            var problems: [Problem]
        }
        var outlines: [String: PluginOutline]
        var failures: [String: Failure]
    }

    /// The hidden command of the product that does it.
    static let command = "try-plugins"
    /// The most that a trial may take; then it is ended.
    static let limit: Double = 30

    let program: String

    /// The program beside the running one; nil where there is none.
    init?(beside executable: String) {
        let path: String = (executable as NSString).deletingLastPathComponent + "/tenon"
        guard FileManager.default.isExecutableFile(atPath: path) else { return nil }
        program = path
    }

    init?() { self.init(beside: Home.executable) }

    func outlines(of entries: [PluginCatalogue.Entry], _ fields: [CustomField], _ dialect: DialectKind) async throws -> Answer {
        let request = Request(
            plugins: entries.map { .init(manifest: $0.text, folder: $0.folder, checksum: $0.checksum) },
            fields: fields.map { .init(entity: $0.entity, name: $0.name, definition: $0.definition) }, dialect: dialect)
        let output: [UInt8] = try await run(try PayloadCoding.encode(request))
        do { return try PayloadCoding.decode(Answer.self, from: output) } catch {
            throw CRMError(.refused, "the process that tried the plugins out gave no answer", hint: "See the server's log.", cause: error)
        }
    }

    private func run(_ input: [UInt8]) async throws -> [UInt8] {
        let program = program
        return try await withCheckedThrowingContinuation { continuation in
            // Waiting for a process blocks, which the threads of tasks must not.
            Thread.detachNewThread {
                continuation.resume(with: Result { try Self.wait(for: program, input) })
            }
        }
    }

    private static func wait(for program: String, _ input: [UInt8]) throws -> [UInt8] {
        let folder: URL = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-trial-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(at: folder) }
        let (request, answer): (URL, URL) = (folder.appendingPathComponent("request"), folder.appendingPathComponent("answer"))
        try Data(input).write(to: request)
        let process = try ChildProcess(program, [command, request.path, answer.path])
        guard let status = process.wait(seconds: limit) else {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            throw CRMError(.refused, "trying the plugins out took more than \(Int(limit)) seconds", hint: "Ask their author.")
        }
        guard status >= 0 else {
            throw CRMError(
                .refused, "a library ended the process that tried it out, with signal \(-status)",
                hint: "Ask the plugin's author, or build it anew: tenon plugin build.")
        }
        guard let bytes = FileManager.default.contents(atPath: answer.path) else {
            throw CRMError(.refused, "the process that tried the plugins out ended with status \(status)")
        }
        return Array(bytes)
    }

    /// The other side: reads a request, loads, and writes the answer.
    static func answer(_ request: [UInt8]) throws -> [UInt8] {
        let request = try PayloadCoding.decode(Request.self, from: request)
        var entries: [PluginCatalogue.Entry] = []
        for plugin in request.plugins {
            let manifest = try PluginManifest(json: Array(plugin.manifest.utf8))
            entries.append(.init(manifest: manifest, folder: plugin.folder, text: plugin.manifest, checksum: plugin.checksum))
        }
        let fields: [CustomField] = request.fields.map { CustomField(id: 0, entity: $0.entity, name: $0.name, definition: $0.definition) }
        let lineup = try PluginLineup(
            entries, loader: PluginLoader(), installed: Set(entries.map(\.id)), fields: fields,
            approved: PluginLineup.asking(entries))
        return try PayloadCoding.encode(try lineup.answer(request.dialect.dialect))
    }
}

extension PluginLineup {
    /// What plugins may do if all is approved that they ask for, as it will be once the plan is carried out.
    static func asking(_ entries: [PluginCatalogue.Entry]) -> [String: PluginManifest.Capabilities] {
        Dictionary(uniqueKeysWithValues: entries.map { ($0.id, $0.manifest.capabilities) })
    }

    /// What its plugins add, and what keeps the others out.
    func answer(_ dialect: any Dialect) throws -> PluginTrial.Answer {
        var answer = PluginTrial.Answer(outlines: [:], failures: [:])
        for (place, part) in parts.enumerated() where part.id != Composition.kernel {
            guard case .registry(let registry) = RegistryBuilder.build(Composition(parts: Array(parts[...place]))) else { continue }
            answer.outlines[part.id] = PluginOutline(part, registry, dialect)
        }
        for (id, failure) in failures {
            answer.failures[id] = .init(
                state: failure.state.rawValue, message: failure.error.message, hint: failure.error.hint, problems: failure.error.problems)
        }
        return answer
    }
}

extension PluginLineup.Failure {
    init(_ told: PluginTrial.Answer.Failure) {
        self.init(
            state: PluginState(rawValue: told.state) ?? .failed,
            error: CRMError(.refused, told.message, hint: told.hint, problems: told.problems))
    }
}
