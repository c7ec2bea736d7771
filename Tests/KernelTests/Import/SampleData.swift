import Foundation

/// Files that real programs wrote. They are not part of the project: tests over them run where a folder
/// `shared/data` lies beside the checkout, or `TENON_SAMPLE_DATA` names one.
enum SampleData {
    static let folder: String? = {
        let named: String? = ProcessInfo.processInfo.environment["TENON_SAMPLE_DATA"]
        let beside: URL = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("shared/data")
        let path: String = named ?? beside.path
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }()

    static var isThere: Bool { folder != nil }

    static func path(_ name: String) -> String { "\(folder ?? "")/\(name)" }

    static func files(in name: String) -> [String] {
        let names: [String] = (try? FileManager.default.contentsOfDirectory(atPath: path(name))) ?? []
        return names.filter { $0.hasSuffix(".csv") }.sorted().map { path("\(name)/\($0)") }
    }
}
