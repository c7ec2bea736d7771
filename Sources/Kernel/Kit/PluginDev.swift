import Foundation
import PluginAPI

/// Brings a plugin into a running deployment again and again while it is being written: builds it, puts it in place, has the
/// server's worker replaced. What does not build, or is refused, changes nothing: the version before goes on serving.
struct PluginDev: Sendable {
    let path: String
    let deployment: Deployment
    let terminal: Terminal

    private var options: ClientOptions { ClientOptions(data: deployment.directory) }

    /// Builds, installs and takes over once. Throws what is in the way.
    func once() async throws {
        // Read anew each time: plugin.json may have changed.
        let project = try PluginProject(path)
        let clock = ContinuousClock()
        let start = clock.now
        let build = PluginBuild(project: project, configuration: .debug, sdk: try project.requiredSDK())
        let library: String = try await build.run(isQuiet: true)
        try build.inspect(library)
        let built = clock.now
        _ = try project.install(library, into: deployment.directory)
        let state: String = try await takeOver(project.manifest.id)
        let end = clock.now
        terminal.print(
            terminal.style(.good, "✓") + " \(project.manifest.id) \(project.manifest.version) \(state) "
                + terminal.style(.dim, "after \(PluginDev.seconds(end - start)): build \(PluginDev.seconds(built - start)), swap \(PluginDev.seconds(end - built))"))
    }

    /// Goes on until the task is cancelled: at each change once more.
    func watch() async throws {
        var watch = SourceWatch(try PluginProject(path))
        await attempt()
        terminal.print(terminal.style(.dim, "watching \(watch.project.folder); Ctrl-C ends it"))
        while true {
            let changed: [String] = try await watch.change()
            terminal.print(terminal.style(.dim, "changed: " + changed.prefix(3).joined(separator: ", ") + (changed.count > 3 ? " …" : "")))
            await attempt()
        }
    }

    /// Once, telling what is in the way instead of ending.
    private func attempt() async {
        do { try await once() } catch let failure as BuildFailure {
            terminal.print(terminal.style(.bad, "✗") + " \(failure.plugin) does not build; the version before goes on serving\n" + failure.essence.tame)
        } catch is CancellationError {
        } catch {
            terminal.print(terminal.style(.bad, "✗") + " " + ProblemReport(any: error).text(style: terminal.style))
        }
    }

    // MARK: The running deployment

    /// Has the server take the library that was put in place. Returns what came of it.
    private func takeOver(_ id: String) async throws -> String {
        let before = try await ask(.get("plugins", id))
        guard before["state"]?.text == "enabled" else {
            // The author of a plugin approves what it asks for.
            let answer = try await ask(.send("POST", "plugins", id, "enable", body: .fields(["cascade": .boolean(true), "approve": .boolean(true)])))
            return "is \(answer["state"]?.text ?? "on")"
        }
        let answer = try await ask(.send("POST", "plugins", id, "upgrade", body: .fields(["approve": .boolean(true)])))
        guard answer["upgrade"]?["state"]?.text == "pending" else { return "is the same as before" }
        guard answer["restarting"]?.bool == true else {
            throw CRMError(.refused, "this server does not replace its worker", hint: "Start it without --unsupervised, or restart it.")
        }
        return try await outcome(id)
    }

    /// Waits for the next worker, which takes the new version or gives it up.
    private func outcome(_ id: String) async throws -> String {
        for _ in 0..<600 {
            try await Task.sleep(for: .milliseconds(50))
            // A worker that is on its way out may hang up.
            guard let plugin = try? await ask(.get("plugins", id)) else { continue }
            switch plugin["upgrade"]?["state"]?.text {
            case "pending": continue
            case "failed":
                throw CRMError(
                    .refused, "\(id) could not take over: \(plugin["upgrade"]?["reason"]?.text ?? "")",
                    hint: plugin["upgrade"]?["hint"]?.text ?? "")
            default: return "is in"
            }
        }
        throw CRMError(.unavailable, "the server has not taken \(id) up within half a minute", hint: "See `tenon plugin info \(id)`.")
    }

    private func ask(_ request: APIRequest) async throws -> JSONValue {
        try await Session.run(options) { try await $0.client.read(request) }
    }

    static func seconds(_ duration: Duration) -> String {
        let milliseconds = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        return "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
    }
}
