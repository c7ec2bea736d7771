import PluginAPI

/// Takes members out of a hook's payload, whatever its type: from the payload as it was sent, or from its stored form.
///
/// A payload is `Encodable`; this is an encoder that keeps the members asked for and lets the others pass, since going by way of
/// JSON takes longer than all the rest of a call.
struct PayloadMembers {
    /// In the order of the names; empty where there is no such member.
    let values: [Value]

    init(_ names: [String], of event: HookEvent) throws {
        if names.isEmpty {
            values = []
        } else if let payload = event.payload {
            let collector = MemberCollector(names)
            try payload.encode(to: MemberEncoder(collector: collector))
            values = collector.values
        } else {
            let stored = try JSONValue(parsing: event.json ?? [])
            values = names.map { Self.value(stored[$0] ?? .null) }
        }
    }

    private static func value(_ json: JSONValue) -> Value {
        switch json {
        case .string(let text): .text(text)
        case .boolean(let flag): .boolean(flag)
        case .number: json.int.map(Value.integer) ?? .null
        default: .null
        }
    }
}

private final class MemberCollector {
    let names: [String]
    var values: [Value]

    init(_ names: [String]) {
        self.names = names
        values = Array(repeating: .null, count: names.count)
    }

    func keep(_ value: @autoclosure () -> Value, _ name: String) {
        for place in names.indices where names[place] == name { values[place] = value() }
    }
}

private struct MemberEncoder: Encoder {
    let collector: MemberCollector
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(MemberContainer<Key>(collector: collector))
    }
    func unkeyedContainer() -> any UnkeyedEncodingContainer { IgnoredList() }
    func singleValueContainer() -> any SingleValueEncodingContainer { IgnoredValue() }
}

private struct MemberContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let collector: MemberCollector
    var codingPath: [any CodingKey] { [] }

    private func number(_ value: some BinaryInteger, _ key: Key) {
        collector.keep(Int64(exactly: value).map(Value.integer) ?? .null, key.stringValue)
    }

    func encodeNil(forKey key: Key) {}
    func encode(_ value: Bool, forKey key: Key) { collector.keep(.boolean(value), key.stringValue) }
    func encode(_ value: String, forKey key: Key) { collector.keep(.text(value), key.stringValue) }
    func encode(_ value: Double, forKey key: Key) {}
    func encode(_ value: Float, forKey key: Key) {}
    func encode(_ value: Int, forKey key: Key) { number(value, key) }
    func encode(_ value: Int8, forKey key: Key) { number(value, key) }
    func encode(_ value: Int16, forKey key: Key) { number(value, key) }
    func encode(_ value: Int32, forKey key: Key) { number(value, key) }
    func encode(_ value: Int64, forKey key: Key) { number(value, key) }
    func encode(_ value: UInt, forKey key: Key) { number(value, key) }
    func encode(_ value: UInt8, forKey key: Key) { number(value, key) }
    func encode(_ value: UInt16, forKey key: Key) { number(value, key) }
    func encode(_ value: UInt32, forKey key: Key) { number(value, key) }
    func encode(_ value: UInt64, forKey key: Key) { number(value, key) }

    func encode<T: Encodable>(_ value: T, forKey key: Key) {
        if let id = value as? RecordID {
            number(id.raw, key)
        } else if let moment = value as? Moment {
            collector.keep(.moment(moment), key.stringValue)
        }
    }

    func nestedContainer<N: CodingKey>(keyedBy: N.Type, forKey: Key) -> KeyedEncodingContainer<N> {
        KeyedEncodingContainer(MemberContainer<N>(collector: MemberCollector([])))
    }
    func nestedUnkeyedContainer(forKey: Key) -> any UnkeyedEncodingContainer { IgnoredList() }
    func superEncoder() -> any Encoder { MemberEncoder(collector: MemberCollector([])) }
    func superEncoder(forKey: Key) -> any Encoder { MemberEncoder(collector: MemberCollector([])) }
}

/// What a member holds within is nobody's to ask for.
private struct IgnoredList: UnkeyedEncodingContainer {
    var codingPath: [any CodingKey] { [] }
    var count: Int { 0 }
    mutating func encodeNil() {}
    mutating func encode<T: Encodable>(_ value: T) {}
    mutating func nestedContainer<N: CodingKey>(keyedBy: N.Type) -> KeyedEncodingContainer<N> {
        KeyedEncodingContainer(MemberContainer<N>(collector: MemberCollector([])))
    }
    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { IgnoredList() }
    mutating func superEncoder() -> any Encoder { MemberEncoder(collector: MemberCollector([])) }
}

private struct IgnoredValue: SingleValueEncodingContainer {
    var codingPath: [any CodingKey] { [] }
    mutating func encodeNil() {}
    mutating func encode<T: Encodable>(_ value: T) {}
}
