/// Where the pages find the files that the browser keeps.
enum Assets {
    /// The address of a file. The version makes a browser fetch it again after an update.
    static func path(_ name: String) -> String { "/assets/\(name)" }
}
