import PluginAPI

/// How bytes are served that did not come from the product: by what they are, not by what they are called. Only what a browser
/// shows without doing anything opens within the window; all else is a file to save.
struct ServedBytes: Sendable, Equatable {
    let contentType: String
    /// Nil for what may open within the window.
    let disposition: String?

    /// What browsers show as it is.
    private static let texts: Set<String> = ["text/plain", "text/csv", "application/json", "application/problem+json"]
    /// What browsers would run, apply or obey wherever a page of this site were made to name it.
    private static let active: [String] = ["script", "css", "wasm", "manifest", "event-stream", "x-mixed-replace"]

    /// - Parameters:
    ///   - claimed: what whoever hands the bytes over calls them.
    ///   - wanted: a content disposition that was asked for: its name is kept.
    init(_ bytes: [UInt8], claimed: String, wanted: String? = nil) {
        let kind: String = claimed.prefix { $0 != ";" }.lowercased().trimmed
        let isReadable: Bool = claimed.utf8.allSatisfy { $0 >= 32 && $0 != 127 }
        let image: String? = FileKind.of(bytes)?.image
        if ServedBytes.texts.contains(kind), isReadable {
            contentType = claimed
            disposition = wanted
            return
        }
        if kind.hasPrefix("image/"), let image {
            contentType = image
            disposition = wanted
            return
        }
        let isActive: Bool = !isReadable || kind.isEmpty || ServedBytes.active.contains { kind.contains($0) } || kind.hasPrefix("image/")
        contentType = isActive ? "application/octet-stream" : claimed
        let name: Substring = wanted.flatMap { wanted in wanted.firstIndex(of: ";").map { wanted[$0...] } } ?? ""
        disposition = "attachment" + name
    }
}
