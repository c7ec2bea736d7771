import FoundationEssentials

/// Turns payloads into JSON and back. One place, so that the stored form has one definition.
public enum PayloadCoding {
    /// The JSON of a payload, keys in order.
    public static func encode(_ payload: any Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return [UInt8](try encoder.encode(payload))
    }

    /// A payload from JSON.
    public static func decode<P: Decodable>(_: P.Type, from bytes: [UInt8]) throws -> P {
        try JSONDecoder().decode(P.self, from: Data(bytes))
    }
}
