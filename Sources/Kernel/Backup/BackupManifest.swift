import PluginAPI

/// What is in a backup. A backup is a `tar` file of plain parts:
///
/// - `head.json`: the format, and which release made it when and from which engine; first, so that who cannot read the rest says so
/// - `tables/<table>/000001.jsonl`, …: a row a line, as an array in the order of the manifest's columns, by the table's key
/// - `files/<path>`: the files of the data directory
/// - `manifest.json`: all tables with their columns, counts and checksums, all plugins with their versions and checksums
/// - `SHA256SUMS`: the checksum of every part, as `sha256sum -c` reads it; and `SHA256SUMS.sha256`, its own
struct BackupManifest: Codable, Sendable, Equatable {
    /// Rises when an older release could no longer read it.
    static let format = 1

    struct Head: Codable, Sendable, Equatable {
        var format = BackupManifest.format
        /// The release that made it, and the format of its tables.
        var product: String
        var tables: Int64
        var madeAt: String
        var engine: DialectKind

        enum CodingKeys: String, CodingKey {
            case format, product, tables, engine
            case madeAt = "made_at"
        }
    }

    struct Column: Codable, Sendable, Equatable {
        var name: String
        var kind: ColumnKind
    }

    /// A column whose rows point at rows of another table.
    struct Link: Codable, Sendable, Equatable {
        var column: String
        var target: String
        /// Whether it holds a list of ids: `[1,2]`.
        var isList: Bool

        enum CodingKeys: String, CodingKey {
            case column, target
            case isList = "list"
        }
    }

    struct Table: Codable, Sendable, Equatable {
        var name: String
        /// Whose it is.
        var plugin: String
        var columns: [Column]
        /// The columns that tell one row from another, by which the rows are sorted.
        var key: [String]
        var links: [Link] = []
        /// The greatest id that was ever given, where the engine gives them.
        var lastID: Int64?
        var rows = 0
        /// Of all its lines, one after the other: the same for the same rows, whatever the engine.
        var sha256 = ""

        enum CodingKeys: String, CodingKey {
            case name, plugin, columns, key, links, rows, sha256
            case lastID = "last_id"
        }
    }

    struct Plugin: Codable, Sendable, Equatable {
        var id: String
        var version: String
        var enabled: Bool
        /// Of its library; nil where none is on record.
        var checksum: String?
    }

    struct File: Codable, Sendable, Equatable {
        var path: String
        var size: Int
        var sha256: String
    }

    var head: Head
    var tables: [Table] = []
    var plugins: [Plugin] = []
    var files: [File] = []

    /// How many records of plugins and people there are in it: everything but the kernel's own tables.
    var records: Int { tables.filter { !$0.name.hasPrefix("tenon_") }.reduce(0) { $0 + $1.rows } }
    var rows: Int { tables.reduce(0) { $0 + $1.rows } }

    enum Part {
        static let head = "head.json"
        static let manifest = "manifest.json"
        static let sums = "SHA256SUMS"
        static let seal = "SHA256SUMS.sha256"
        static func rows(_ table: String, _ number: Int) -> String {
            let digits = String(number)
            return "tables/\(table)/" + String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits + ".jsonl"
        }
        /// The table of a part; nil for other parts.
        static func table(_ name: String) -> String? {
            let parts: [Substring] = name.split(separator: "/")
            return parts.count == 3 && parts[0] == "tables" ? String(parts[1]) : nil
        }
        static func file(_ path: String) -> String { "files/" + path }
    }
}
