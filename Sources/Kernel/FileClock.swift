import FoundationEssentials
import Logging
import PluginAPI

#if canImport(Glibc)
import Glibc
#endif

/// A clock that somebody else sets: eight bytes of a file, the milliseconds since 1970. For tests that drive the product from
/// outside; whoever chooses the process's environment can set the machine's clock for it anyway.
final class FileClock: Clock {
    private let file: Int32

    /// The clock that `TENON_TEST_CLOCK` names, or nil without one.
    static func chosen(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws -> FileClock? {
        guard let path = environment["TENON_TEST_CLOCK"], !path.isEmpty else { return nil }
        Logger(label: "tenon").warning("the time is not the machine's: it comes from \(path)")
        return try FileClock(path)
    }

    init(_ path: String) throws {
        file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw CRMError(.unavailable, "there is no clock \(path)", hint: "Take TENON_TEST_CLOCK out of the environment.") }
    }

    deinit { close(file) }

    var now: Moment {
        var milliseconds: Int64 = 0
        // A clock that is gone stands at the beginning of time; tests notice.
        _ = pread(file, &milliseconds, 8, 0)
        return Moment(milliseconds: milliseconds)
    }

    /// Whoever sets the clock does not tell us, so it is looked at now and then.
    func wait(until moment: Moment) async {
        while now < moment, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(20)) }
    }
}
