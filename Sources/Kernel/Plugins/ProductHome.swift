import FoundationEssentials

/// Where the product's own files lie: assets and the plugins that come with it.
enum ProductHome {
    /// `$TENON_HOME`, else `tenon-home` beside the executable (run in place), else `../lib/tenon` (installed); nil when
    /// there is none.
    static func locate(environment: [String: String] = ProcessInfo.processInfo.environment, executable: String? = executablePath) -> String? {
        if let named = environment["TENON_HOME"], !named.isEmpty { return named }
        guard let executable, let slash = executable.lastIndex(of: "/") else { return nil }
        let folder = String(executable[..<slash])
        return [folder + "/tenon-home", folder + "/../lib/tenon"].first { FileManager.default.fileExists(atPath: $0) }
    }

    /// The file that this process runs, with links followed.
    static var executablePath: String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }
}
