/// Walks over the bytes of a short text.
struct TextCursor {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position: Int = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func advance() { position += 1 }

    mutating func skip(_ matches: (UInt8) -> Bool) {
        while let byte = peek, matches(byte) { position += 1 }
    }

    mutating func skipSpaces() {
        skip { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        position += 1
        return true
    }

    /// Up to nine digits.
    mutating func number() -> (value: Int, digits: Int)? {
        var value: Int = 0
        var digits: Int = 0
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            guard digits < 9 else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
            digits += 1
            position += 1
        }
        return digits == 0 ? nil : (value, digits)
    }

    /// Letters, in lower case.
    mutating func word() -> String? {
        var letters: [UInt8] = []
        while let byte = peek {
            let lower: UInt8 = byte | 0x20
            guard (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lower) else { break }
            letters.append(lower)
            position += 1
        }
        return letters.isEmpty ? nil : String(decoding: letters, as: UTF8.self)
    }

    /// The ending of 1st, 2nd, 3rd, 4th.
    mutating func skipOrdinal() {
        let start: Int = position
        if let ending = word(), !["st", "nd", "rd", "th"].contains(ending) { position = start }
    }

    /// What follows a day, up to the end: nothing, or a time with an optional half of the day and offset.
    mutating func timeToEnd() -> (ClockTime?, Int?)? {
        let start: Int = position
        skip { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        if peek == nil { return .some((nil, nil)) }
        if position == start {
            guard take(UInt8(ascii: "T")) || take(UInt8(ascii: "t")) else { return nil }
        }
        guard let hour = number(), hour.digits <= 2, take(UInt8(ascii: ":")) else { return nil }
        guard let minute = number(), minute.digits == 2, minute.value < 60 else { return nil }
        var second: Int = 0
        var millisecond: Int = 0
        if take(UInt8(ascii: ":")) {
            guard let read = number(), read.digits == 2, read.value <= 60 else { return nil }
            // A leap second is the last one of its minute.
            second = min(read.value, 59)
            if take(UInt8(ascii: ".")) || take(UInt8(ascii: ",")) {
                guard let fraction = number() else { return nil }
                var scaled: Int = fraction.value
                for _ in fraction.digits..<max(3, fraction.digits) { scaled *= 10 }
                for _ in 3..<max(3, fraction.digits) { scaled /= 10 }
                millisecond = scaled
            }
        }
        var hours: Int = hour.value
        skipSpaces()
        let beforeWord: Int = position
        if let half = word() {
            switch half {
            case "am", "pm":
                guard (1...12).contains(hours) else { return nil }
                hours = hours % 12 + (half == "pm" ? 12 : 0)
            default:
                position = beforeWord
            }
        }
        guard hours < 24 else { return nil }
        let time = ClockTime(milliseconds: ((hours * 60 + minute.value) * 60 + second) * 1000 + millisecond)
        guard let offset = offsetToEnd() else { return nil }
        return .some((time, offset))
    }

    private mutating func offsetToEnd() -> Int?? {
        skipSpaces()
        guard let sign = peek else { return .some(nil) }
        if let zone = word() {
            guard ["z", "utc", "gmt"].contains(zone) else { return nil }
            skipSpaces()
            guard peek != nil else { return .some(0) }
            return nil
        }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return nil }
        advance()
        guard let hours = number() else { return nil }
        var minutes: Int
        if hours.digits == 4 {
            minutes = hours.value / 100 * 60 + hours.value % 100
        } else {
            guard hours.digits <= 2 else { return nil }
            minutes = hours.value * 60
            if take(UInt8(ascii: ":")) {
                guard let rest = number(), rest.digits == 2 else { return nil }
                minutes += rest.value
            }
        }
        skipSpaces()
        guard peek == nil, minutes <= 15 * 60 else { return nil }
        if sign == UInt8(ascii: "-") { minutes = -minutes }
        return .some(minutes)
    }
}
