import PluginAPI

/// Reads a backup from its first byte to its last and says whether it could be restored: all parts there and as they were written,
/// counts right, a format that this release knows, links that point at something.
struct BackupCheck {
    /// What is wrong, and with which part.
    struct Problem: Sendable, Equatable {
        var part: String
        /// In lower case, without a full stop.
        var message: String
    }

    struct Report: Sendable {
        var head: BackupManifest.Head?
        var manifest: BackupManifest?
        /// Whoever restores it would not get what was backed up.
        var damage: [Problem] = []
        /// Records that point at nothing: they were like that when the backup was taken.
        var loose: [Problem] = []
        var bytes = 0

        var isSound: Bool { damage.isEmpty && loose.isEmpty }
    }

    let path: String
    private var report = Report()
    /// The checksums of all parts but the last two, in order.
    private var found: [(name: String, sha256: String)] = []
    private var rows: [String: Int] = [:]
    private var tables: [String: RunningChecksum] = [:]
    private var ids: [String: IdentitySet] = [:]
    private var papers: [String: [UInt8]] = [:]

    private init(_ path: String) { self.path = path }

    static func run(_ path: String) throws -> Report {
        var check = BackupCheck(path)
        // A file that is not there is no damaged backup.
        let reader = try TarReader(path)
        do {
            try check.read(reader)
            try check.compare()
            if check.report.damage.isEmpty { try check.follow() }
        } catch let error as CRMError {
            check.report.damage.append(.init(part: "", message: error.message))
        }
        return check.report
    }

    // MARK: Reading

    private mutating func read(_ reader: TarReader) throws {
        while let entry = try reader.next() {
            if report.head == nil, entry.name != BackupManifest.Part.head {
                throw CRMError(.malformed, "\(path) is not a backup of this product", hint: "Name a file that `tenon backup create` wrote.")
            }
            var sum = RunningChecksum()
            switch entry.name {
            case BackupManifest.Part.head, BackupManifest.Part.manifest, BackupManifest.Part.sums, BackupManifest.Part.seal:
                guard entry.size <= 256 << 20 else { throw CRMError(.malformed, "\(entry.name) is too large to be right") }
                let bytes: [UInt8] = try reader.whole()
                sum.add(bytes)
                papers[entry.name] = bytes
                if entry.name == BackupManifest.Part.head { report.head = try head(bytes) }
            default: try read(entry.name, reader, &sum)
            }
            report.bytes += entry.size
            if ![BackupManifest.Part.sums, BackupManifest.Part.seal].contains(entry.name) { found.append((entry.name, sum.finish())) }
        }
    }

    private func head(_ bytes: [UInt8]) throws -> BackupManifest.Head {
        guard let head = try? PayloadCoding.decode(BackupManifest.Head.self, from: bytes) else {
            throw CRMError(.malformed, "the head of the backup cannot be read: \(BackupManifest.Part.head) is damaged")
        }
        guard head.format <= BackupManifest.format, head.tables <= KernelTables.format else {
            throw CRMError(
                .refused,
                "the backup was made by release \(head.product) with format \(head.format) and tables of format \(head.tables); this release knows format \(BackupManifest.format) and tables of format \(KernelTables.format)",
                hint: "Restore it with that release or a later one.")
        }
        return head
    }

    /// Takes a part in, piece by piece; the first number of each line of a table is its id.
    private mutating func read(_ name: String, _ reader: TarReader, _ sum: inout RunningChecksum) throws {
        let table: String? = BackupManifest.Part.table(name)
        var known: IdentitySet = table.flatMap { ids.removeValue(forKey: $0) } ?? IdentitySet()
        var whole: RunningChecksum = table.flatMap { tables.removeValue(forKey: $0) } ?? RunningChecksum()
        var lines = 0
        // Where in a line the reader is: at its beginning, within its first number, behind that.
        var (isAtStart, isInNumber, number): (Bool, Bool, Int64) = (true, false, 0)
        while true {
            let piece: [UInt8] = try reader.read(1 << 18)
            if piece.isEmpty { break }
            sum.add(piece)
            guard table != nil else { continue }
            whole.add(piece)
            for byte in piece {
                if byte == UInt8(ascii: "\n") {
                    lines += 1
                    (isAtStart, isInNumber) = (true, false)
                } else if isInNumber {
                    if byte >= 48, byte <= 57 {
                        number = number &* 10 &+ Int64(byte - 48)
                    } else {
                        if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") { known.insert(number) }
                        isInNumber = false
                    }
                } else if isAtStart {
                    isAtStart = false
                    (isInNumber, number) = (byte == UInt8(ascii: "["), 0)
                }
            }
        }
        guard let table else { return }
        rows[table, default: 0] += lines
        tables[table] = whole
        ids[table] = known
    }

    // MARK: Comparing

    private mutating func compare() throws {
        guard let sums = papers[BackupManifest.Part.sums], let seal = papers[BackupManifest.Part.seal],
            let manifest = papers[BackupManifest.Part.manifest]
        else { throw CRMError(.malformed, "the backup has no end: it was not written or not copied to its end") }
        let noted: [String: String] = Self.sums(sums)
        for part in found where noted[part.name] != part.sha256 {
            let isKnown: Bool = noted[part.name] != nil
            report.damage.append(
                .init(part: part.name, message: isKnown ? "its bytes are not those that were written" : "it is not in the list of checksums"))
        }
        let names: Set<String> = Set(found.map(\.name))
        for name in noted.keys.sorted() where !names.contains(name) { report.damage.append(.init(part: name, message: "it is not there")) }
        let sealed: String? = Self.sums(seal)[BackupManifest.Part.sums]
        if sealed != Checksum.sha256(sums) {
            // When all parts are as listed, the list is right and its own checksum is not.
            let part: String = report.damage.isEmpty ? BackupManifest.Part.seal : BackupManifest.Part.sums
            if part == BackupManifest.Part.sums { report.damage.removeAll() }
            report.damage.append(.init(part: part, message: "its bytes are not those that were written"))
        }
        guard report.damage.isEmpty else { return }
        let read: BackupManifest = try PayloadCoding.decode(BackupManifest.self, from: manifest)
        report.manifest = read
        for table in read.tables {
            if rows[table.name] ?? 0 != table.rows {
                report.damage.append(
                    .init(part: "tables/" + table.name, message: "it has \(rows[table.name] ?? 0) rows, and the manifest says \(table.rows)"))
            }
            var whole: RunningChecksum = tables[table.name] ?? RunningChecksum()
            if whole.finish() != table.sha256 {
                report.damage.append(.init(part: "tables/" + table.name, message: "its rows are not those that the manifest was made of"))
            }
        }
        let listed: Set<String> = Set(read.tables.map(\.name))
        for name in rows.keys.sorted() where !listed.contains(name) {
            report.damage.append(.init(part: "tables/" + name, message: "the manifest does not name it"))
        }
    }

    /// The lines of `sha256sum`: checksum, two spaces, name.
    private static func sums(_ bytes: [UInt8]) -> [String: String] {
        var sums: [String: String] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            guard let gap = line.firstRange(of: "  ") else { continue }
            sums[String(line[gap.upperBound...])] = String(line[..<gap.lowerBound])
        }
        return sums
    }

    // MARK: Links

    /// Reads again the tables that point at others, now that all ids are known.
    private mutating func follow() throws {
        let pointing: [String: BackupManifest.Table] = Dictionary(
            (report.manifest?.tables ?? []).filter { !$0.links.isEmpty }.map { ($0.name, $0) }) { first, _ in first }
        guard !pointing.isEmpty else { return }
        var lost: [String: (count: Int, example: Int64)] = [:]
        let reader = try TarReader(path)
        while let entry = try reader.next() {
            guard let table = BackupManifest.Part.table(entry.name).flatMap({ pointing[$0] }) else { continue }
            let places: [(place: Int, link: BackupManifest.Link)] = table.links.compactMap { link in
                table.columns.firstIndex { $0.name == link.column }.map { ($0, link) }
            }
            for line in try reader.whole().split(separator: UInt8(ascii: "\n")) {
                let values: [JSONValue] = try JSONValue(parsing: Array(line)).array ?? []
                for (place, link) in places where place < values.count {
                    for id in Self.ids(values[place], link) where !(ids[link.target]?.contains(id) ?? false) {
                        let name: String = table.name + "." + link.column
                        lost[name] = ((lost[name]?.count ?? 0) + 1, lost[name]?.example ?? values[0].int ?? 0)
                    }
                }
            }
        }
        for (name, what) in lost.sorted(by: { $0.key < $1.key }) {
            report.loose.append(
                .init(
                    part: name,
                    message: "\(what.count) \(what.count == 1 ? "link points" : "links point") at records that are not there, such as in \(what.example)"))
        }
    }

    private static func ids(_ value: JSONValue, _ link: BackupManifest.Link) -> [Int64] {
        switch value {
        case .number(let text): Int64(text).map { [$0] } ?? []
        case .string(let text) where link.isList:
            Array(text.utf8).withUnsafeBufferPointer { bytes in FieldModel.ids(bytes).map(\.raw) }
        default: []
        }
    }
}
