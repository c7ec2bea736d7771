import FoundationEssentials
import Synchronization

/// What the checks work on: the running product, the plugin's entities, and the records made so far.
final class CompatBench: Sendable {
    let host: TestHost
    let plugin: PluginPackage
    /// What the author says a valid record looks like, by the entity's plural or name.
    let samples: [String: JSON]
    /// All entities of the deployment.
    let entities: [CompatEntity]
    /// The plugin's own.
    let own: [CompatEntity]
    /// Those of them whose records people make. What the plugin alone writes may have none.
    var makeable: [CompatEntity] { own.filter { $0.rights.contains("create") } }
    /// What the plugin adds, by kind.
    let adds: JSON
    let currency: String
    /// The plugin's records right after it was switched on for the first time, as files show them.
    let beginning: [String: String]
    private let state = Mutex(State())

    private struct State {
        var count = 0
        var records: [String: [JSON]] = [:]
        var archive: String?
        var lastExports: [String: String] = [:]
    }

    init(_ host: TestHost, samples: [String: JSON]) async throws {
        self.host = host
        self.samples = try CompatBench.stored(host.plugin).merging(samples) { $1 }
        plugin = host.plugin
        let schema = try await host.read("schema")
        currency = schema["currency"].text
        entities = schema["entities"].items.map { CompatEntity($0) }
        let id = host.plugin.id
        own = entities.filter { $0.pluginID == id }
        adds = try await host.read("plugins/\(id)")["adds"]
        beginning = try await CompatBench.contents(own, host)
    }

    /// `Tests/samples.json`: for plugins whose tests are not in Swift.
    private static func stored(_ plugin: PluginPackage) throws -> [String: JSON] {
        guard let bytes = FileManager.default.contents(atPath: plugin.folder + "/Tests/samples.json") else { return [:] }
        return Dictionary(try JSON(parsing: Array(bytes)).members.map { ($0.name, $0.value) }) { $1 }
    }

    /// A number that was not there before: for unique values.
    func next() -> Int {
        state.withLock { state in
            state.count += 1
            return state.count
        }
    }

    /// A record of an entity, made the first time that one is asked for.
    func record(_ entity: CompatEntity) async throws -> JSON {
        if let known = state.withLock({ $0.records[entity.path]?.first }) { return known }
        return try await make(entity)
    }

    /// A new record of an entity.
    @discardableResult
    func make(_ entity: CompatEntity) async throws -> JSON {
        let made = try await SampleMaker(bench: self).make(entity)
        state.withLock { $0.records[entity.path, default: []].append(made) }
        return made
    }

    /// Where the archive of the uninstalled plugin is.
    var archive: String? { state.withLock { $0.archive } }
    func keep(_ archive: String) { state.withLock { $0.archive = archive } }

    /// The records as they were last before the plugin went.
    var lastExports: [String: String] { state.withLock { $0.lastExports } }
    func keep(_ exports: [String: String]) { state.withLock { $0.lastExports = exports } }

    /// Forgets a record that is gone.
    func forget(_ entity: CompatEntity, _ record: JSON) {
        state.withLock { $0.records[entity.path]?.removeAll { $0["id"] == record["id"] } }
    }

    func entity(named name: String) -> CompatEntity? { entities.first { $0.name == name } }

    /// Every record of the plugin as files show it, by entity.
    func exports() async throws -> [String: String] { try await CompatBench.files(own, host) { _ in "&ids=true&sort=id" } }

    /// The same without what tells one making of a record from another: ids, who and when.
    func contents() async throws -> [String: String] { try await CompatBench.contents(own, host) }

    private static func contents(_ own: [CompatEntity], _ host: TestHost) async throws -> [String: String] {
        try await files(own, host) { "&sort=id&columns=" + $0.fields.filter { !$0.isSystem }.map(\.name).joined(separator: ",") }
    }

    private static func files(_ own: [CompatEntity], _ host: TestHost, _ query: (CompatEntity) -> String) async throws -> [String: String] {
        var files: [String: String] = [:]
        for entity in own {
            let file = try await host.get("/api/v1/\(entity.path)/export?format=csv" + query(entity))
            guard file.isSuccess else { throw Refusal(file) }
            files[entity.path] = file.text
        }
        return files
    }

    // MARK: Asking

    /// Why an address does not answer with 200; nil when it does.
    func complaint(_ path: String, accepting: Set<Int> = [200]) async throws -> String? {
        let response = try await host.get(path)
        return accepting.contains(response.status) ? nil : "\(path) answers with \(Refusal(response))"
    }

    /// Why a command does not succeed; nil when it does.
    func complaint(command: [String]) async throws -> String? {
        let run = try await host.tenon(command)
        return run.status == 0 ? nil : "`tenon \(command.joined(separator: " "))` ends with \(run)"
    }

    /// Why a refusal does not name a field with 422; nil when it does.
    func complaint(_ response: HostResponse, about what: String, shouldName field: String) -> String? {
        if response.isSuccess { return "\(what) is stored" }
        let refusal = Refusal(response)
        if response.status == 422, refusal.fields.contains(field) { return nil }
        return "\(what) is refused without the field's name: \(refusal)"
    }
}
