import Foundation

/// Where the product's own files stand: plugins and the browser's files.
struct Home: Sendable {
    /// The folders that hold a folder for each plugin.
    var plugins: [String]
    /// The browser's files, or nil where there are none (tests of the kernel alone).
    var assets: String?
    /// What those who write plugins build against, or nil where there is none.
    var sdk: String?
    /// A folder that was asked for and is no home.
    var passedOver: String?

    /// The home that belongs to the running executable: `TENON_HOME`, else `tenon-home` beside it (a build folder), else
    /// `../lib/tenon` (an installation).
    static func beside(_ executable: String = Home.executable) -> Home {
        let folder = (executable as NSString).deletingLastPathComponent
        let named = ProcessInfo.processInfo.environment["TENON_HOME"].flatMap { $0.isEmpty ? nil : $0 }
        let candidates = [named, folder + "/tenon-home", folder + "/../lib/tenon"]
        for case let path? in candidates where FileManager.default.fileExists(atPath: path + "/plugins") {
            return Home(plugins: [path + "/plugins"], assets: path + "/assets", sdk: path + "/sdk", passedOver: path == named ? nil : named)
        }
        return Home(plugins: [], assets: nil, passedOver: named)
    }

    static let none = Home(plugins: [], assets: nil)

    /// The path of the running executable.
    static var executable: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }
}
