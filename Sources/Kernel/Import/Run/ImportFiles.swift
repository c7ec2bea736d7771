import FoundationEssentials
import PluginAPI

/// The files of imports, in a folder of the deployment: what was uploaded, and the rows that could not be taken.
struct ImportFiles: Sendable {
    let folder: String

    func path(of id: Int64) -> String { "\(folder)/\(id).csv" }
    func problemPath(of id: Int64) -> String { "\(folder)/\(id).problems.csv" }

    func keep(_ bytes: [UInt8], of id: Int64) throws {
        try write(bytes, to: path(of: id))
    }

    func keepProblems(_ bytes: [UInt8], of id: Int64) throws {
        try write(bytes, to: problemPath(of: id))
    }

    func bytes(of id: Int64) throws -> [UInt8] {
        guard let bytes = FileManager.default.contents(atPath: path(of: id)) else {
            throw CRMError(.notFound, "the file of the import \(id) is not there any more", hint: "Upload it again.")
        }
        return [UInt8](bytes)
    }

    func problems(of id: Int64) -> [UInt8]? {
        (try? Data(contentsOf: URL(filePath: problemPath(of: id)))).map { [UInt8]($0) }
    }

    func remove(_ id: Int64) {
        // Files that are not there are just as well removed.
        try? FileManager.default.removeItem(atPath: path(of: id))
        try? FileManager.default.removeItem(atPath: problemPath(of: id))
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data(bytes).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw CRMError(
                .unavailable, "the file could not be kept", hint: "Check the free space of the data directory.", cause: error)
        }
    }
}
