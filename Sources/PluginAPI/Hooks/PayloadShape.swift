/// The names and types of a payload's fields: read from the type itself, to compare a sender's with a listener's.
public struct PayloadShape: Sendable, Hashable {
    /// One field.
    public struct Member: Sendable, Hashable {
        /// The name.
        public var name: String
        /// The type as text: `Int64`, `String`, …
        public var type: String
        /// Whether it may be missing.
        public var isOptional: Bool
    }

    /// The fields in the order of the declaration.
    public var members: [Member]

    /// Reads the shape of a payload type by decoding it from nothing and noting what it asks for.
    public init<P: HookPayload>(of type: P.Type) {
        let recorder = ShapeRecorder()
        _ = try? P(from: ShapeDecoder(recorder: recorder))
        members = recorder.members
    }

    /// What keeps a listener of this shape from hearing a sender of another; empty when nothing does.
    public func missing(in sender: PayloadShape) -> [String] {
        members.compactMap { member in
            guard let sent = sender.members.first(where: { $0.name == member.name }) else {
                return member.isOptional ? nil : "the hook sends no field \(member.name)"
            }
            if sent.type != member.type { return "field \(member.name) is \(sent.type), not \(member.type)" }
            if sent.isOptional, !member.isOptional { return "field \(member.name) may be missing" }
            return nil
        }
    }
}

private final class ShapeRecorder {
    var members: [PayloadShape.Member] = []
}

private struct ShapeDecoder: Decoder {
    let recorder: ShapeRecorder
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }
    func container<Key: CodingKey>(keyedBy: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(ShapeContainer<Key>(recorder: recorder))
    }
    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw ShapeEnd() }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { throw ShapeEnd() }
}

private struct ShapeEnd: Error {}

/// Answers every question with a blank and notes it.
private struct ShapeContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let recorder: ShapeRecorder
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { [] }

    private func note(_ key: Key, _ type: Any.Type, optional: Bool = false) {
        recorder.members.append(.init(name: key.stringValue, type: String(describing: type), isOptional: optional))
    }

    func contains(_ key: Key) -> Bool { true }
    func decodeNil(forKey key: Key) -> Bool { false }
    func decode(_ type: Bool.Type, forKey key: Key) -> Bool { note(key, type); return false }
    func decode(_ type: String.Type, forKey key: Key) -> String { note(key, type); return "" }
    func decode(_ type: Double.Type, forKey key: Key) -> Double { note(key, type); return 0 }
    func decode(_ type: Float.Type, forKey key: Key) -> Float { note(key, type); return 0 }
    func decode(_ type: Int.Type, forKey key: Key) -> Int { note(key, type); return 0 }
    func decode(_ type: Int8.Type, forKey key: Key) -> Int8 { note(key, type); return 0 }
    func decode(_ type: Int16.Type, forKey key: Key) -> Int16 { note(key, type); return 0 }
    func decode(_ type: Int32.Type, forKey key: Key) -> Int32 { note(key, type); return 0 }
    func decode(_ type: Int64.Type, forKey key: Key) -> Int64 { note(key, type); return 0 }
    func decode(_ type: UInt.Type, forKey key: Key) -> UInt { note(key, type); return 0 }
    func decode(_ type: UInt8.Type, forKey key: Key) -> UInt8 { note(key, type); return 0 }
    func decode(_ type: UInt16.Type, forKey key: Key) -> UInt16 { note(key, type); return 0 }
    func decode(_ type: UInt32.Type, forKey key: Key) -> UInt32 { note(key, type); return 0 }
    func decode(_ type: UInt64.Type, forKey key: Key) -> UInt64 { note(key, type); return 0 }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        note(key, type)
        if let blank = RecordID.none as? T { return blank }
        if let blank = Moment(milliseconds: 0) as? T { return blank }
        if let blank = [String]() as? T { return blank }
        if let blank = [RecordID]() as? T { return blank }
        // Any other type ends the recording of what follows; plain payloads have none.
        return try T(from: ShapeDecoder(recorder: ShapeRecorder()))
    }

    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) -> T? {
        note(key, type, optional: true)
        return nil
    }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) -> String? { note(key, type, optional: true); return nil }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) -> Int? { note(key, type, optional: true); return nil }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) -> Int64? { note(key, type, optional: true); return nil }
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) -> Bool? { note(key, type, optional: true); return nil }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) -> Double? { note(key, type, optional: true); return nil }

    func nestedContainer<N: CodingKey>(keyedBy: N.Type, forKey: Key) -> KeyedDecodingContainer<N> {
        KeyedDecodingContainer(ShapeContainer<N>(recorder: ShapeRecorder()))
    }
    func nestedUnkeyedContainer(forKey: Key) throws -> any UnkeyedDecodingContainer { throw ShapeEnd() }
    func superDecoder() throws -> any Decoder { throw ShapeEnd() }
    func superDecoder(forKey: Key) throws -> any Decoder { throw ShapeEnd() }
}
