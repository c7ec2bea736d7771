import CCurl
import PluginAPI

/// libcurl, which is loaded when something goes out for the first time: most servers never do.
enum Curl {
    /// Comes before everything else in libcurl.
    static func load() throws {
        guard let problem = tenon_curl_load() else { return }
        throw CRMError(
            .unavailable, "libcurl cannot be loaded: \(String(cString: problem))", hint: "Install it; on Debian and Ubuntu the package is libcurl4.")
    }
}
