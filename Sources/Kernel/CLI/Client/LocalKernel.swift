import PluginAPI

/// Opens the store within this process.
enum LocalKernel {
    static func open(_ directory: String, lock: DataDirectoryLock) async throws -> any APITransport {
        throw CRMError(.unavailable, "no server holds \(directory)")
    }
}
