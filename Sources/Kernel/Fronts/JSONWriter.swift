import PluginAPI

/// Writes JSON by appending bytes: no object a field, no intermediate tree.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    /// Whether the next element needs a comma before it.
    private var needsComma = false

    init(capacity: Int = 512) { bytes.reserveCapacity(capacity) }

    mutating func beginObject() { open(UInt8(ascii: "{")) }
    mutating func endObject() { close(UInt8(ascii: "}")) }
    mutating func beginArray() { open(UInt8(ascii: "[")) }
    mutating func endArray() { close(UInt8(ascii: "]")) }

    private mutating func open(_ byte: UInt8) {
        comma()
        bytes.append(byte)
        needsComma = false
    }

    private mutating func close(_ byte: UInt8) {
        bytes.append(byte)
        needsComma = true
    }

    @inline(__always)
    private mutating func comma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    mutating func key(_ name: String) {
        comma()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A key whose bytes, quotes and colon included, were made before.
    mutating func key(prepared: [UInt8]) {
        comma()
        bytes.append(contentsOf: prepared)
        needsComma = false
    }

    /// `"name":` as bytes, for ``key(prepared:)``.
    static func prepared(_ name: String) -> [UInt8] {
        var writer = JSONWriter(capacity: name.utf8.count + 4)
        writer.quote(name)
        return writer.bytes + [UInt8(ascii: ":")]
    }

    mutating func null() {
        comma()
        bytes.append(contentsOf: "null".utf8)
    }

    mutating func boolean(_ value: Bool) {
        comma()
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    mutating func integer(_ value: Int64) {
        comma()
        digits(value)
    }

    mutating func integer(_ value: Int) { integer(Int64(value)) }

    private mutating func digits(_ value: Int64) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        // From the last digit to the first, beside the text: turning a part of the array around would copy it.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { buffer in
            var start = 20
            repeat {
                start -= 1
                buffer[start] = UInt8(48 + rest % 10)
                rest /= 10
            } while rest > 0
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[start...]))
        }
    }

    mutating func string(_ text: String) {
        comma()
        quote(text)
    }

    /// A text given as UTF-8 bytes.
    mutating func string(utf8: UnsafeBufferPointer<UInt8>) {
        comma()
        quote(utf8: utf8)
    }

    private mutating func quote(_ text: String) {
        var text = text
        text.withUTF8 { quote(utf8: $0) }
    }

    private mutating func quote(utf8: UnsafeBufferPointer<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        var start = 0
        for index in 0..<utf8.count {
            let byte = utf8[index]
            if byte >= 0x20, byte != 0x22, byte != 0x5C { continue }
            if index > start { bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start..<index])) }
            start = index + 1
            switch byte {
            case 0x22: bytes.append(contentsOf: "\\\"".utf8)
            case 0x5C: bytes.append(contentsOf: "\\\\".utf8)
            case 0x0A: bytes.append(contentsOf: "\\n".utf8)
            case 0x0D: bytes.append(contentsOf: "\\r".utf8)
            case 0x09: bytes.append(contentsOf: "\\t".utf8)
            default:
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(JSONWriter.hex[Int(byte >> 4)])
                bytes.append(JSONWriter.hex[Int(byte & 15)])
            }
        }
        if start < utf8.count { bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start...])) }
        bytes.append(UInt8(ascii: "\""))
    }

    private static let hex = Array("0123456789abcdef".utf8)

    /// JSON made elsewhere, put in as it is.
    mutating func raw(_ json: some Collection<UInt8>) {
        comma()
        bytes.append(contentsOf: json)
    }

    /// A value as the API shows it: money as an object, exact numbers as text, days and moments as ISO 8601.
    mutating func value(_ value: Value) {
        switch value {
        case .null: null()
        case .text(let text): string(text)
        case .integer(let number): integer(number)
        case .boolean(let flag): boolean(flag)
        case .decimal(let number): decimal(units: number.units, scale: number.scale)
        case .money(let money): self.money(minor: money.minor, money.currency)
        case .day(let day): string(day.description)
        case .moment(let moment): self.moment(moment.milliseconds)
        case .list(let ids):
            beginArray()
            for id in ids { integer(id.raw) }
            endArray()
        }
    }

    mutating func money(minor: Int64, _ currency: Currency) {
        comma()
        bytes.append(contentsOf: "{\"amount\":\"".utf8)
        plain(units: minor, scale: currency.minorDigits)
        bytes.append(contentsOf: "\",\"currency\":\"".utf8)
        bytes.append(UInt8(truncatingIfNeeded: currency.packed >> 16))
        bytes.append(UInt8(truncatingIfNeeded: currency.packed >> 8))
        bytes.append(UInt8(truncatingIfNeeded: currency.packed))
        bytes.append(contentsOf: "\"}".utf8)
    }

    /// An exact number as text: what ``FixedDecimal/description`` says.
    mutating func decimal(units: Int64, scale: Int) {
        comma()
        bytes.append(UInt8(ascii: "\""))
        plain(units: units, scale: scale)
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func plain(units: Int64, scale: Int) {
        if units < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = units.magnitude
        let start = bytes.count
        var written = 0
        repeat {
            if written == scale, scale > 0 { bytes.append(UInt8(ascii: ".")) }
            bytes.append(UInt8(truncatingIfNeeded: 48 + rest % 10))
            rest /= 10
            written += 1
        } while rest > 0 || written <= scale
        bytes[start...].reverse()
    }

    /// A moment in UTC: what ``Moment/description`` says.
    mutating func moment(_ milliseconds: Int64) {
        let moment = Moment(milliseconds: milliseconds)
        let day = moment.day
        let (year, month, date) = day.parts
        let time = Int(milliseconds - Int64(day.number) * 86_400_000)
        comma()
        bytes.append(UInt8(ascii: "\""))
        padded(year, 4)
        bytes.append(UInt8(ascii: "-"))
        padded(month, 2)
        bytes.append(UInt8(ascii: "-"))
        padded(date, 2)
        bytes.append(UInt8(ascii: "T"))
        padded(time / 3_600_000, 2)
        bytes.append(UInt8(ascii: ":"))
        padded(time / 60_000 % 60, 2)
        bytes.append(UInt8(ascii: ":"))
        padded(time / 1000 % 60, 2)
        bytes.append(UInt8(ascii: "."))
        padded(time % 1000, 3)
        bytes.append(contentsOf: "Z\"".utf8)
    }

    private mutating func padded(_ number: Int, _ width: Int) {
        let start = bytes.count
        digits(Int64(number))
        let missing = width - (bytes.count - start)
        if missing > 0 { bytes.insert(contentsOf: repeatElement(UInt8(ascii: "0"), count: missing), at: start) }
    }
}

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
