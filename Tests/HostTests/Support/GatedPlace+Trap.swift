import Foundation

@testable import Kernel

extension GatedPlace {
    /// Has whoever comes to a statement stay in it, in the middle of the transaction: `AFTER UPDATE ON tenon_plugin`, with a
    /// condition on the row if need be. For changes in which no code of a plugin runs that could wait.
    func setTrap(_ event: String, when condition: String = "1") async throws {
        try await write(
            """
            CREATE TRIGGER test_trap \(event) WHEN \(condition) BEGIN
            SELECT (WITH RECURSIVE forever(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM forever WHERE n > 0) SELECT count(*) FROM forever); END
            """)
    }

    func removeTrap() async throws { try await write("DROP TRIGGER IF EXISTS test_trap") }

    /// Returns when a process is in a transaction that does not end: it holds the lock of writers (byte 120 of the file of shared
    /// memory) each time that one looks, for longer than any transaction of these tests takes.
    func waitUntilTrapped(_ process: ChildProcess) throws {
        var since: ContinuousClock.Instant?
        try CrashRange.wait("the process to be in the trap", seconds: 60) {
            let locks: String = Self.locks()
            let isHeld: Bool = locks.split(separator: "\n").contains { line in
                let words: [Substring] = line.split(separator: " ")
                return words.count > 7 && words[3] == "WRITE" && words[4] == "\(process.processIdentifier)" && words[6] == "120"
            }
            guard isHeld else {
                since = nil
                return false
            }
            let now = ContinuousClock.now
            let first: ContinuousClock.Instant = since ?? now
            since = first
            return now - first > .milliseconds(700)
        }
    }

    /// The system's list of locks, piece by piece: it tells no length, and whoever asks for one gets the first page.
    private static func locks() -> String {
        guard let file = FileHandle(forReadingAtPath: "/proc/locks") else { return "" }
        defer { try? file.close() }
        var all = Data()
        while let piece = try? file.read(upToCount: 4096), !piece.isEmpty { all += piece }
        return String(decoding: all, as: UTF8.self)
    }

    private func write(_ sql: String) async throws {
        let engine = try SQLiteEngine(path: program.data.appendingPathComponent("tenon.sqlite").path, durable: true)
        do {
            try await engine.write { connection in try connection.execute(sql) }
            try await engine.close()
        } catch {
            try? await engine.close()
            throw error
        }
    }

    /// The labels of the marks, in their order; none where there are no marks at all.
    func marks() async throws -> [String] {
        try await read { connection in
            guard try !connection.columns(of: "gated_mark").isEmpty else { return [] }
            return try connection.all("SELECT label FROM gated_mark ORDER BY id", [], { $0.text(0) })
        }
    }
}
