import FoundationEssentials
import PluginAPI

/// The files of imports in the database, where several servers share one: any of them goes on with what another one took in.
/// Elsewhere the folder of the deployment does.
enum SharedImportFiles {
    enum Kind: Int64, Sendable {
        case upload, problems

        /// Its name in the folder of the deployment.
        func fileName(of id: Int64) -> String { self == .upload ? "\(id).csv" : "\(id).problems.csv" }

        /// What a name in that folder stands for; nil for other names.
        static func read(_ name: String) -> (kind: Kind, id: Int64)? {
            guard let id = Int64(name.prefix { $0 != "." }) else { return nil }
            return [Kind.upload, .problems].first { $0.fileName(of: id) == name }.map { ($0, id) }
        }
    }

    private static let piece = 1 << 20

    static func store(_ bytes: [UInt8], _ kind: Kind, of id: Int64, _ connection: any Connection) throws {
        guard connection.isShared else { return }
        try connection.execute(
            "DELETE FROM tenon_import_file WHERE import_id = ? AND kind = ?", [.integer(id), .integer(kind.rawValue)])
        for (part, start) in stride(from: 0, to: bytes.count, by: piece).enumerated() {
            try connection.execute(
                "INSERT INTO tenon_import_file (import_id, kind, part, bytes) VALUES (?, ?, ?, ?)",
                [
                    .integer(id), .integer(kind.rawValue), .integer(Int64(part)),
                    .blob(Array(bytes[start..<min(start + piece, bytes.count)])),
                ])
        }
    }

    static func remove(_ id: Int64, _ connection: any Connection) throws {
        if connection.isShared { try connection.execute("DELETE FROM tenon_import_file WHERE import_id = ?", [.integer(id)]) }
    }

    static func load(_ kind: Kind, of id: Int64, _ connection: any Connection) throws -> [UInt8]? {
        let parts: [[UInt8]] = try connection.all(
            "SELECT bytes FROM tenon_import_file WHERE import_id = ? AND kind = ? ORDER BY part",
            [.integer(id), .integer(kind.rawValue)]) { $0.blob(0) }
        return parts.isEmpty ? nil : Array(parts.joined())
    }

    private static func length(_ kind: Kind, of id: Int64, _ connection: any Connection) throws -> Int64? {
        try connection.integer(
            "SELECT sum(length(bytes)) FROM tenon_import_file WHERE import_id = ? AND kind = ?", [.integer(id), .integer(kind.rawValue)])
    }

    /// Has the files of an import in this server's folder as they are in the database.
    static func fetch(_ record: ImportRecord, to files: ImportFiles, _ engine: any Engine) async throws {
        var wanted: [(kind: Kind, path: String)] = []
        if !FileManager.default.fileExists(atPath: files.path(of: record.id)) { wanted.append((.upload, files.path(of: record.id))) }
        if record.counts.failed > 0 { wanted.append((.problems, files.problemPath(of: record.id))) }
        for (kind, path) in wanted {
            let id: Int64 = record.id
            let size = try? FileManager.default.attributesOfItem(atPath: path)[.size]
            let here: Int64? = (size as? any BinaryInteger).map { Int64($0) }
            let there: Int64? = try await engine.aside { try length(kind, of: id, $0) }
            guard there != nil, there != here, let bytes = try await engine.read({ try load(kind, of: id, $0) }) else { continue }
            switch kind {
            case .upload: try files.keep(bytes, of: id)
            case .problems: try files.keepProblems(bytes, of: id)
            }
        }
    }
}
