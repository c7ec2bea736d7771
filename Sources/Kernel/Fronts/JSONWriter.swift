import PluginAPI

/// Writes JSON by appending bytes: no object a field, no intermediate tree. It owns its memory, since an array asks before
/// each byte whether somebody else holds it, which is most of the cost of writing small pieces.
struct JSONWriter: ~Copyable {
    private var start: UnsafeMutablePointer<UInt8>
    private var count = 0
    private var capacity: Int
    /// Whether the next element needs a comma before it.
    private var needsComma = false
    /// The rows of a list mostly have one currency.
    private var lastCurrency: Currency?
    /// And their moments are of few days: the last one's number, and where its `YYYY-MM-DDT` was written.
    private var lastDay = Int64.min
    private var lastDayPlace = 0
    /// Values that stay where they are, each with the place that it comes before.
    private var kept: [(place: Int, bytes: ArraySlice<UInt8>)] = []

    init(capacity: Int = 512) {
        self.capacity = max(capacity, 64)
        start = .allocate(capacity: self.capacity)
    }

    deinit { start.deallocate() }

    /// What was written.
    var bytes: [UInt8] { kept.isEmpty ? Array(UnsafeBufferPointer(start: start, count: count)) : Array(pieces.joined()) }
    /// The same in pieces: what is kept elsewhere is not copied.
    var pieces: [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var done = 0
        for part in kept {
            pieces.append(Array(UnsafeBufferPointer(start: start + done, count: part.place - done))[...])
            pieces.append(part.bytes)
            done = part.place
        }
        pieces.append(Array(UnsafeBufferPointer(start: start + done, count: count - done))[...])
        return pieces
    }
    /// Where the next value will begin.
    var place: Int { needsComma ? count + 1 : count }
    /// Appends to an array what was written from a place on.
    func copy(from place: Int, to bytes: inout [UInt8]) { bytes.append(contentsOf: UnsafeBufferPointer(start: start + place, count: count - place)) }
    @inline(__always)
    private mutating func put(_ byte: UInt8) {
        if count == capacity { grow(by: 1) }
        start[count] = byte
        count &+= 1
    }

    @inline(__always)
    private mutating func put(_ source: UnsafePointer<UInt8>?, _ length: Int) {
        guard let source, length > 0 else { return }
        if capacity &- count < length { grow(by: length) }
        (start + count).update(from: source, count: length)
        count &+= length
    }

    @inline(__always)
    private mutating func put(_ text: StaticString) { put(text.utf8Start, text.utf8CodeUnitCount) }

    @inline(__always)
    private mutating func put(_ source: UnsafeBufferPointer<UInt8>) { put(source.baseAddress, source.count) }

    @inline(never)
    private mutating func grow(by length: Int) {
        capacity = max(capacity * 2, count + length)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        larger.update(from: start, count: count)
        start.deallocate()
        start = larger
    }

    mutating func beginObject() { open(UInt8(ascii: "{")) }
    mutating func endObject() { close(UInt8(ascii: "}")) }
    mutating func beginArray() { open(UInt8(ascii: "[")) }
    mutating func endArray() { close(UInt8(ascii: "]")) }

    /// Takes back the end of the object that was just written, so that members can follow.
    mutating func reopenObject() {
        precondition(count > 0 && start[count - 1] == UInt8(ascii: "}"), "what was written last is not an object")
        count -= 1
        needsComma = count > 0 && start[count - 1] != UInt8(ascii: "{")
    }

    private mutating func open(_ byte: UInt8) {
        comma()
        put(byte)
        needsComma = false
    }

    private mutating func close(_ byte: UInt8) {
        put(byte)
        needsComma = true
    }

    @inline(__always)
    private mutating func comma() {
        if needsComma { put(UInt8(ascii: ",")) }
        needsComma = true
    }

    mutating func key(_ name: String) {
        comma()
        quote(name)
        put(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A key whose bytes, quotes and colon included, were made before.
    mutating func key(prepared: [UInt8]) { prepared.withUnsafeBufferPointer { key(prepared: $0) } }

    /// The same from bytes in place.
    @inline(__always)
    mutating func key(prepared: UnsafeBufferPointer<UInt8>) {
        comma()
        put(prepared)
        needsComma = false
    }

    /// Members of a row's object, made before with their commas; what follows is the value of the last or the object's end.
    @inline(__always)
    mutating func members(_ piece: UnsafeBufferPointer<UInt8>) {
        put(piece)
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
        put("null")
    }

    mutating func boolean(_ value: Bool) {
        comma()
        if value { put("true") } else { put("false") }
    }

    mutating func integer(_ value: Int64) {
        comma()
        digits(value)
    }

    mutating func integer(_ value: Int) { integer(Int64(value)) }

    private mutating func digits(_ value: Int64) {
        if value < 0 { put(UInt8(ascii: "-")) }
        var rest = value.magnitude
        // From the last digit to the first, beside the text: turning a part of the array around would copy it.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { buffer in
            var start = 20
            repeat {
                start -= 1
                buffer[start] = UInt8(48 + rest % 10)
                rest /= 10
            } while rest > 0
            put(UnsafeBufferPointer(rebasing: buffer[start...]))
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
        let length: Int = utf8.count
        if capacity &- count < length &+ 2 { grow(by: length + 2) }
        start[count] = UInt8(ascii: "\"")
        count &+= 1
        if JSONWriter.isPlain(utf8) {
            if let source = utf8.baseAddress { (start + count).update(from: source, count: length) }
            count &+= length
        } else {
            escape(utf8)
        }
        put(UInt8(ascii: "\""))
    }

    /// Whether a text has nothing to escape: eight bytes at a time, since nearly none has. May say no where there is
    /// nothing; never yes where there is something.
    private static func isPlain(_ utf8: UnsafeBufferPointer<UInt8>) -> Bool {
        let (ones, highs): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        let raw = UnsafeRawBufferPointer(utf8)
        var index = 0
        while index + 8 <= raw.count {
            let word = raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let (quote, backslash) = (word ^ (ones &* 0x22), word ^ (ones &* 0x5C))
            let below: UInt64 = (word &- ones &* 0x20) & ~word
            let found: UInt64 = below | ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)
            if found & highs != 0 { return false }
            index += 8
        }
        while index < raw.count {
            let byte = raw[index]
            if byte < 0x20 || byte == 0x22 || byte == 0x5C { return false }
            index += 1
        }
        return true
    }

    private mutating func escape(_ utf8: UnsafeBufferPointer<UInt8>) {
        var start = 0
        for index in 0..<utf8.count {
            let byte = utf8[index]
            if byte >= 0x20, byte != 0x22, byte != 0x5C { continue }
            if index > start { put(UnsafeBufferPointer(rebasing: utf8[start..<index])) }
            start = index + 1
            switch byte {
            case 0x22: put("\\\"")
            case 0x5C: put("\\\\")
            case 0x0A: put("\\n")
            case 0x0D: put("\\r")
            case 0x09: put("\\t")
            default:
                put("\\u00")
                put(JSONWriter.hex[Int(byte >> 4)])
                put(JSONWriter.hex[Int(byte & 15)])
            }
        }
        if start < utf8.count { put(UnsafeBufferPointer(rebasing: utf8[start...])) }
    }

    private static let hex = Array("0123456789abcdef".utf8)

    /// JSON made elsewhere, put in as it is.
    mutating func raw(_ json: some Collection<UInt8>) {
        comma()
        if json.withContiguousStorageIfAvailable({ put($0) }) == nil {
            for byte in json { put(byte) }
        }
    }

    /// A whole value that is kept elsewhere, such as the rows of a list. Nothing is reopened or copied from here after it.
    mutating func raw(kept json: ArraySlice<UInt8>) {
        guard json.count > 1024 else { return raw(json) }
        comma()
        kept.append((count, json))
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
        put("{\"amount\":\"")
        plain(units: minor, scale: currency.minorDigits)
        put("\",\"currency\":\"")
        put(UInt8(truncatingIfNeeded: currency.packed >> 16))
        put(UInt8(truncatingIfNeeded: currency.packed >> 8))
        put(UInt8(truncatingIfNeeded: currency.packed))
        put("\"}")
    }

    /// An amount with its currency's code as it stands in a column; null for a code that is none.
    mutating func money(minor: Int64, code: UnsafeBufferPointer<UInt8>) {
        guard code.count == 3 else { return null() }
        let packed = UInt32(code[0]) << 16 | UInt32(code[1]) << 8 | UInt32(code[2])
        if lastCurrency?.packed != packed { lastCurrency = Currency(packedASCII: code) }
        if let lastCurrency { money(minor: minor, lastCurrency) } else { null() }
    }

    /// An exact number as text: what ``FixedDecimal/description`` says.
    mutating func decimal(units: Int64, scale: Int) {
        comma()
        put(UInt8(ascii: "\""))
        plain(units: units, scale: scale)
        put(UInt8(ascii: "\""))
    }

    private mutating func plain(units: Int64, scale: Int) {
        var rest = units.magnitude
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 22 + max(scale, 0)) { buffer in
            var start = buffer.count
            var written = 0
            repeat {
                start -= 1
                if written == scale, scale > 0 {
                    buffer[start] = UInt8(ascii: ".")
                    start -= 1
                }
                buffer[start] = UInt8(truncatingIfNeeded: 48 + rest % 10)
                rest /= 10
                written += 1
            } while rest > 0 || written <= scale
            if units < 0 {
                start -= 1
                buffer[start] = UInt8(ascii: "-")
            }
            put(UnsafeBufferPointer(rebasing: buffer[start...]))
        }
    }

    /// A moment in UTC: what ``Moment/description`` says.
    mutating func moment(_ milliseconds: Int64) {
        let day: Int64 = Int64(Moment(milliseconds: milliseconds).day.number)
        if day != lastDay || lastDayPlace + 11 > count {
            let (year, month, date) = Day(number: Int32(truncatingIfNeeded: day)).parts
            guard (0...9999).contains(year) else { return string(Moment(milliseconds: milliseconds).description) }
            beginMoment()
            (lastDay, lastDayPlace) = (day, count)
            twoDigits(year / 100)
            twoDigits(year % 100, "-")
            twoDigits(month, "-")
            twoDigits(date, "T")
        } else {
            beginMoment()
            (start + count).update(from: start + lastDayPlace, count: 11)
            count &+= 11
        }
        let time = Int(milliseconds - day * 86_400_000)
        twoDigits(time / 3_600_000, ":")
        twoDigits(time / 60_000 % 60, ":")
        twoDigits(time / 1000 % 60, ".")
        start[count] = UInt8(truncatingIfNeeded: 48 + time % 1000 / 100)
        count &+= 1
        twoDigits(time % 100, "Z")
        put(UInt8(ascii: "\""))
    }

    /// Makes room for a whole moment and opens its text.
    private mutating func beginMoment() {
        comma()
        if capacity &- count < 32 { grow(by: 32) }
        put(UInt8(ascii: "\""))
    }

    /// Writes a number below 100, and a sign behind it, where there is room.
    @inline(__always)
    private mutating func twoDigits(_ number: Int, _ after: Unicode.Scalar? = nil) {
        start[count] = UInt8(truncatingIfNeeded: 48 + number / 10)
        start[count &+ 1] = UInt8(truncatingIfNeeded: 48 + number % 10)
        count &+= 2
        if let after {
            start[count] = UInt8(truncatingIfNeeded: after.value)
            count &+= 1
        }
    }
}
