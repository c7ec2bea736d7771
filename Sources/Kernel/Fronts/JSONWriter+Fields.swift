import PluginAPI

extension JSONWriter {
    /// A field with its value, for the many small objects of the API.
    mutating func field(_ name: String, _ text: String) { key(name); string(text) }
    mutating func field(_ name: String, _ text: String?) {
        key(name)
        if let text { string(text) } else { null() }
    }
    mutating func field(_ name: String, _ number: Int) { key(name); integer(number) }
    mutating func field(_ name: String, _ number: Int64) { key(name); integer(number) }
    mutating func field(_ name: String, _ flag: Bool) { key(name); boolean(flag) }
    mutating func field(_ name: String, _ moment: Moment?) {
        key(name)
        if let moment { string(moment.description) } else { null() }
    }
    mutating func field(_ name: String, _ texts: [String]) {
        key(name)
        beginArray()
        for text in texts { string(text) }
        endArray()
    }

    /// One JSON document.
    static func document(_ body: (inout JSONWriter) throws -> Void) rethrows -> [UInt8] {
        var writer = JSONWriter()
        try body(&writer)
        return writer.bytes
    }

    /// One JSON object.
    static func object(_ body: (inout JSONWriter) throws -> Void) rethrows -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        try body(&writer)
        writer.endObject()
        return writer.bytes
    }
}
