import Foundation
import Glibc
import PluginAPI

/// Writes a backup within one reading transaction: what it holds is the deployment as of one moment, and nobody who writes waits
/// for it.
final class BackupWriter {
    /// So many bytes of rows are one part, more or less.
    private static let part = 1 << 20

    private let connection: any Connection
    private let dialect: any Dialect
    private let registry: Registry
    private let dataDirectory: String
    private let tar: TarWriter
    private var manifest: BackupManifest
    private var sums = ""

    init(
        _ connection: any Connection, _ dialect: any Dialect, _ registry: Registry, dataDirectory: String, at now: Moment,
        sink: @escaping ([UInt8]) throws -> Void
    ) {
        self.connection = connection
        self.dialect = dialect
        self.registry = registry
        self.dataDirectory = dataDirectory
        tar = TarWriter(at: now, sink: sink)
        manifest = BackupManifest(
            head: .init(product: Kernel.version, tables: KernelTables.format, madeAt: now.description, engine: dialect.kind))
    }

    @discardableResult
    func write() throws -> BackupManifest {
        try add(BackupManifest.Part.head, try PayloadCoding.encode(manifest.head) + [UInt8(ascii: "\n")])
        manifest.plugins = try BackupTables.plugins(connection)
        for table in try BackupTables.all(connection, dialect, registry) { manifest.tables.append(try write(table)) }
        for folder in BackupTables.folders { try write(folder: folder) }
        try writeSharedUploads()
        try add(BackupManifest.Part.manifest, try PayloadCoding.encode(manifest) + [UInt8(ascii: "\n")])
        let text = Array(sums.utf8)
        try tar.add(BackupManifest.Part.sums, text)
        try tar.add(BackupManifest.Part.seal, Array("\(Checksum.sha256(text))  \(BackupManifest.Part.sums)\n".utf8))
        try tar.finish()
        return manifest
    }

    private func add(_ name: String, _ bytes: [UInt8]) throws {
        try tar.add(name, bytes)
        sums += "\(Checksum.sha256(bytes))  \(name)\n"
    }

    private func write(_ table: BackupManifest.Table) throws -> BackupManifest.Table {
        var table: BackupManifest.Table = table
        let scan = TableScan(table: table)
        var whole = RunningChecksum()
        var lines: [UInt8] = []
        lines.reserveCapacity(Self.part + 65_536)
        var number = 0
        func flush() throws {
            guard !lines.isEmpty else { return }
            number += 1
            whole.add(lines)
            try add(BackupManifest.Part.rows(table.name, number), lines)
            lines.removeAll(keepingCapacity: true)
        }
        try scan.rows(connection) { row in
            var json = JSONWriter(capacity: 256)
            try scan.write(row, &json)
            lines += json.bytes
            lines.append(UInt8(ascii: "\n"))
            table.rows += 1
            if lines.count >= Self.part { try flush() }
        }
        try flush()
        table.sha256 = whole.finish()
        return table
    }

    // MARK: Files

    private func write(folder: String) throws {
        let root: String = dataDirectory + "/" + folder
        guard let names = FileManager.default.enumerator(atPath: root) else { return }
        var paths: [String] = []
        while let name = names.nextObject() as? String { paths.append(name) }
        for name in paths.sorted() { try write(file: folder + "/" + name) }
    }

    /// The uploads that another server has taken in.
    private func writeSharedUploads() throws {
        let there: Set<String> = Set(manifest.files.map(\.path))
        let uploads: [(Int64, Int64)] = try connection.all(
            "SELECT DISTINCT \"import_id\", \"kind\" FROM \"tenon_import_file\" ORDER BY 1, 2") { ($0.integer(0), $0.integer(1)) }
        for (id, number) in uploads {
            guard let kind = SharedImportFiles.Kind(rawValue: number) else { continue }
            let path: String = "imports/" + kind.fileName(of: id)
            guard !there.contains(path), let bytes = try SharedImportFiles.load(kind, of: id, connection) else { continue }
            try add(BackupManifest.Part.file(path), bytes)
            manifest.files.append(.init(path: path, size: bytes.count, sha256: Checksum.sha256(bytes)))
        }
    }

    private func write(file path: String) throws {
        let descriptor: Int32 = open(dataDirectory + "/" + path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        // What was removed since, and links: nothing of ours.
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return }
        let size = Int(facts.st_size)
        let name: String = BackupManifest.Part.file(path)
        try tar.begin(name, size: size)
        var sum = RunningChecksum()
        var left: Int = size
        var piece = [UInt8](repeating: 0, count: 1 << 18)
        while left > 0 {
            let count: Int = read(descriptor, &piece, min(piece.count, left))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw CRMError(.unavailable, "the file \(path) became shorter while it was read", hint: "Take the backup again.")
            }
            let bytes = Array(piece[..<count])
            sum.add(bytes)
            try tar.sink(bytes)
            left -= count
        }
        try tar.pad(size)
        let checksum: String = sum.finish()
        sums += "\(checksum)  \(name)\n"
        manifest.files.append(.init(path: path, size: size, sha256: checksum))
    }
}
