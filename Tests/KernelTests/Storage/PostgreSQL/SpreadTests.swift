import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// What the note on distributed engines (docs/postgresql.md) says about tables, compared with the tables.
@Suite(.enabled(if: TemporaryServerDatabase.serverURL != nil)) struct SpreadTests {
    private struct Line {
        var tables: [String]
        /// Nil for tables that stay whole.
        var column: String?
    }

    /// The lines of the note's table that name tables of the kernel.
    private static func note() throws -> [Line] {
        let tree = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text: String = try String(contentsOf: tree.appendingPathComponent("docs/postgresql.md"), encoding: .utf8)
        func names(_ cell: Substring) -> [String] { cell.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) } }
        return text.split(separator: "\n").filter { $0.hasPrefix("|") }.compactMap { line in
            let cells = line.split(separator: "|")
            guard cells.count >= 2 else { return nil }
            let tables: [String] = names(cells[0]).filter { $0.hasPrefix("tenon_") }
            guard !tables.isEmpty else { return nil }
            return Line(tables: tables, column: cells[1].trimmingCharacters(in: .whitespaces).hasPrefix("`") ? names(cells[1]).first : nil)
        }
    }

    @Test func `each table that is to be spread has the column in all its unique indexes, and no key of another points at one`() async throws {
        let database = try TemporaryDatabase()
        try await database.prepare(for: Registry.empty)
        let lines: [Line] = try Self.note()
        #expect(lines.flatMap(\.tables).count >= 8 && lines.contains { $0.column != nil })
        for line in lines {
            for table in line.tables {
                let columns: Set<String> = try await database.engine.read { try $0.columns(of: table) }
                #expect(!columns.isEmpty, "\(table) is not there")
                guard let column = line.column else { continue }
                #expect(columns.contains(column), "\(table) has no \(column)")
                let without: [String] = try await database.engine.read { connection in
                    try connection.all(
                        """
                        SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = to_regclass(?) AND i.indisunique \
                        AND NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attname = ? AND a.attnum = ANY (i.indkey))
                        """, [.text(table), .text(column)]) { $0.text(0) }
                }
                #expect(without.isEmpty, "\(table) cannot be spread by \(column): \(without)")
            }
        }
        let keys: Int64? = try await database.engine.read { try $0.integer("SELECT count(*) FROM pg_constraint WHERE contype = 'f'") }
        #expect(keys == 0, "foreign keys between spread tables would have to be spread alike")
    }
}
