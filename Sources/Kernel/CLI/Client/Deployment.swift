import PluginAPI

#if canImport(Glibc)
import Glibc
#endif

/// A data directory as the command line meets it.
struct Deployment: Sendable {
    var directory: String

    /// Whether one was prepared here.
    var exists: Bool { access(directory + "/tenon.db", F_OK) == 0 }

    func require() throws {
        guard exists else {
            throw CRMError(
                .unavailable, "there is no deployment in \(directory)",
                hint: "Name its directory with --data or TENON_DATA, or make one with `tenon init`.")
        }
    }
}
