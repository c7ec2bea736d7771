/// The plugin's own folder of files in the deployment. Needs `"capabilities": {"files": true}`.
///
/// Names are relative: `reports/2026/march.csv`. Each part begins with a letter or a digit and has letters, digits, `.`, `-`
/// and `_`; a name cannot lead out of the folder.
public struct PluginFiles: Sendable {
    private let backend: any ContextBackend

    init(_ backend: any ContextBackend) { self.backend = backend }

    /// The bytes of a file, or nil when there is none of this name.
    public func read(_ name: String) async throws -> [UInt8]? { try await backend.readFile(name) }
    /// Writes a file whole, replacing an earlier one: whoever reads sees the old one or the new one. At most 64 MiB.
    public func write(_ name: String, _ bytes: [UInt8]) async throws { try await backend.writeFile(name, bytes) }
    /// Deletes a file; nothing happens when there is none.
    public func delete(_ name: String) async throws { try await backend.deleteFile(name) }
    /// The names of all files of the plugin, in order.
    public func list() async throws -> [String] { try await backend.listFiles() }
}

extension Context {
    /// The plugin's own folder of files.
    public var files: PluginFiles { PluginFiles(backend) }
}
