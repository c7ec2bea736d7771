import PluginAPI

/// The keys by which a record is found that may be the same as another: two that are alike have a key in common, so that
/// only few have to be compared. Kept as numbers: they hold nothing that could be read.
enum MatchKeys {
    /// Rises when the keys are made otherwise; those of all records are made anew then.
    static let version = 2

    /// The text of a field, nil when it is empty.
    static func text(_ field: FieldModel, _ record: RecordData) -> String? {
        guard case .text(let text) = record.values[field.place], !text.trimmed.isEmpty else { return nil }
        return text
    }

    /// A text as it is compared, by the form of its field; telephone numbers without their country.
    static func plain(_ text: String, _ field: FieldModel) -> String? {
        let plain: String = switch field.description.format {
        case .email: MatchText.email(text)
        case .phone: MatchText.phone(text)?.number ?? ""
        case .url: MatchText.url(text)
        default: MatchText.folded(text).split(separator: " ").joined(separator: " ")
        }
        return plain.isEmpty ? nil : plain
    }

    /// All keys of a record.
    static func keys(_ record: RecordData, _ entity: EntityModel) -> Set<Int64> {
        var keys: Set<Int64> = []
        for rule in entity.duplicates {
            for part in parts(rule, record) { keys.insert(rule.keys.adding(part).key) }
        }
        return keys
    }

    private static func parts(_ rule: DuplicateModel, _ record: RecordData) -> [String] {
        guard let first = rule.fields.first else { return [] }
        guard rule.kind == .similar else {
            return text(first, record).flatMap { plain($0, first) }.map { [$0] } ?? []
        }
        guard let name = text(first, record) else { return [] }
        let words: [String] = MatchText.words(name)
        guard !words.isEmpty else { return [] }
        guard rule.fields.count > 1 else { return blocks(words) }
        // Who says the second thing is never the same as who does not: those are found by it, these by the whole name.
        let tag: String
        switch record.values[rule.fields[1].place] {
        case .text(let text): tag = MatchText.words(text).first.map { String($0.prefix(3)) } ?? ""
        case .integer(let id): tag = "#\(id)"
        default: tag = ""
        }
        return tag.isEmpty ? ["=" + words.sorted().joined(separator: " ")] : blocks(words).map { $0 + "@" + tag }
    }

    /// What similar names have in common: the beginnings of two of their words, or the consonants of all.
    private static func blocks(_ words: [String]) -> [String] {
        let sorted: [String] = Array(words.sorted().prefix(3))
        var blocks: [String] = []
        if sorted.count == 1 {
            blocks.append("w" + sorted[0].prefix(4))
        } else {
            for (place, word) in sorted.enumerated() {
                for other in sorted[(place + 1)...] { blocks.append("p" + word.prefix(3) + "." + other.prefix(3)) }
            }
        }
        for bones in Set([skeleton(words.joined()), skeleton(words.sorted().joined())]) where bones.utf8.count > 2 { blocks.append("k" + bones) }
        return blocks
    }

    /// The first letter and the consonants, each run of the same one once: what slips of the pen leave alone.
    private static func skeleton(_ word: String) -> String {
        if let bones = plainSkeleton(word) { return bones }
        var bones = ""
        for letter in word {
            if bones.isEmpty { bones.append(letter) } else if !"aeiouyhw".contains(letter), bones.last != letter { bones.append(letter) }
        }
        return bones
    }

    /// The same for ASCII only, by bytes: most words are.
    private static func plainSkeleton(_ word: String) -> String? {
        var word = word
        return word.withUTF8 { bytes -> String? in
            guard bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
            return String(unsafeUninitializedCapacity: bytes.count) { bones in
                var count = 0
                for byte in bytes {
                    switch byte {
                    case _ where count == 0: break
                    case UInt8(ascii: "a"), UInt8(ascii: "e"), UInt8(ascii: "i"), UInt8(ascii: "o"), UInt8(ascii: "u"), UInt8(ascii: "y"),
                        UInt8(ascii: "h"), UInt8(ascii: "w"):
                        continue
                    default: if bones[count - 1] == byte { continue }
                    }
                    bones[count] = byte
                    count += 1
                }
                return count
            }
        }
    }

    /// FNV-1a over 64 bits: the same on every machine and in every release.
    struct Hash: Sendable {
        private var state: UInt64 = 0xcbf2_9ce4_8422_2325

        /// What comes of it with more text behind.
        func adding(_ text: String) -> Hash {
            var hash = self
            for byte in text.utf8 { hash.state = (hash.state ^ UInt64(byte)) &* 0x100_0000_01b3 }
            return hash
        }

        var key: Int64 { Int64(bitPattern: state) }
    }
}

extension StoreTransaction {
    /// Keeps the keys of a record that was stored; nothing where no rule asks for any, or none of the fields concerned changed.
    func keepMatchKeys(_ entity: EntityModel, old: RecordData?, new: RecordData) throws {
        guard !entity.duplicates.isEmpty else { return }
        if let old {
            let fields: [FieldModel] = entity.duplicates.flatMap(\.fields)
            guard fields.contains(where: { old.values[$0.place] != new.values[$0.place] }) else { return }
        }
        try writeMatchKeys(entity, new, isNew: old == nil)
    }

    func writeMatchKeys(_ entity: EntityModel, _ record: RecordData, isNew: Bool) throws {
        if !isNew { try forgetMatchKeys(entity, record.id) }
        let keys: [Int64] = matchKeys(of: record, entity)
        guard !keys.isEmpty else { return }
        for start in stride(from: 0, to: keys.count, by: dialect.rowsPerInsert) {
            let some: ArraySlice<Int64> = keys[start..<min(start + dialect.rowsPerInsert, keys.count)]
            let marks: String = "(?, ?, ?)" + String(repeating: ", (?, ?, ?)", count: some.count - 1)
            let arguments: [SQLValue] = some.flatMap { [.text(entity.name), .integer($0), .integer(record.id.raw)] }
            try connection.post("INSERT INTO tenon_match_key (entity, key, record) VALUES \(marks) ON CONFLICT DO NOTHING", arguments)
        }
    }

    /// The keys of a record in their order; made once for one that is stored and then looked for.
    func matchKeys(of record: RecordData, _ entity: EntityModel) -> [Int64] {
        if let made = core.matchKeys, made.entity == entity.name, made.record == record.id, made.version == record.version, record.id != .none {
            return made.keys
        }
        let keys: [Int64] = MatchKeys.keys(record, entity).sorted()
        if record.id != .none { core.matchKeys = (entity.name, record.id, record.version, keys) }
        return keys
    }

    func forgetMatchKeys(_ entity: EntityModel, _ id: RecordID) throws {
        guard !entity.duplicates.isEmpty else { return }
        try connection.post("DELETE FROM tenon_match_key WHERE entity = ? AND record = ?", [.text(entity.name), .integer(id.raw)])
    }
}
