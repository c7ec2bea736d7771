/// A moment in time: milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
@frozen
public struct Moment: Hashable, Comparable, Sendable, CustomStringConvertible, Codable {
    /// Milliseconds since the beginning of 1970 in UTC.
    public let milliseconds: Int64

    /// Makes a moment from milliseconds since the beginning of 1970 in UTC.
    @inlinable public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// The beginning of a day in UTC.
    public init(_ day: Day) { self.init(milliseconds: Int64(day.number) * 86_400_000) }

    /// Reads RFC 3339 (`2026-11-22T09:30:00Z`, offset and fraction accepted, `T` or a space, seconds optional); nil otherwise.
    /// Without an offset the time is taken as UTC.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 16, let day = Day(String(decoding: bytes[0..<10], as: UTF8.self)) else { return nil }
        guard bytes[10] == 84 || bytes[10] == 116 || bytes[10] == 32, bytes[13] == 58 else { return nil }
        func two(_ at: Int) -> Int64? {
            guard at + 1 < bytes.count, bytes[at] >= 48, bytes[at] <= 57, bytes[at + 1] >= 48, bytes[at + 1] <= 57 else {
                return nil
            }
            return Int64(bytes[at] - 48) * 10 + Int64(bytes[at + 1] - 48)
        }
        guard let hour = two(11), let minute = two(14), hour < 24, minute < 60 else { return nil }
        var at = 16
        var seconds: Int64 = 0
        var millis: Int64 = 0
        if at < bytes.count, bytes[at] == 58 {
            guard let value = two(at + 1), value < 61 else { return nil }
            seconds = min(value, 59)
            at += 3
            if at < bytes.count, bytes[at] == 46 {
                at += 1
                var weight: Int64 = 100
                var digits = 0
                while at < bytes.count, bytes[at] >= 48, bytes[at] <= 57 {
                    millis += Int64(bytes[at] - 48) * weight
                    weight /= 10
                    at += 1
                    digits += 1
                }
                guard digits > 0 else { return nil }
            }
        }
        var offset: Int64 = 0
        if at < bytes.count {
            switch bytes[at] {
            case 90, 122: at += 1
            case 43, 45:
                let sign: Int64 = bytes[at] == 43 ? 1 : -1
                guard let hours = two(at + 1) else { return nil }
                at += 3
                if at < bytes.count, bytes[at] == 58 { at += 1 }
                guard let minutes = two(at) else { return nil }
                at += 2
                offset = sign * (hours * 60 + minutes)
            default: return nil
            }
        }
        guard at == bytes.count else { return nil }
        let minutes = hour * 60 + minute - offset
        self.init(milliseconds: Int64(day.number) * 86_400_000 + minutes * 60_000 + seconds * 1000 + millis)
    }

    /// The day in UTC on which the moment falls.
    public var day: Day {
        Day(number: Int32((milliseconds >= 0 ? milliseconds : milliseconds - 86_399_999) / 86_400_000))
    }

    /// The moment so many seconds later, or earlier when negative.
    public func adding(seconds: Double) -> Moment { Moment(milliseconds: milliseconds + Int64(seconds * 1000)) }

    /// The moment so many days of 24 hours later, or earlier when negative.
    public func adding(days: Int) -> Moment { Moment(milliseconds: milliseconds + Int64(days) * 86_400_000) }

    /// Orders by time.
    @inlinable public static func < (left: Moment, right: Moment) -> Bool { left.milliseconds < right.milliseconds }

    /// RFC 3339 in UTC with milliseconds: `2026-11-22T09:30:00.000Z`.
    public var description: String {
        let rest = Int(milliseconds - Int64(day.number) * 86_400_000)
        func padded(_ n: Int, _ width: Int) -> String {
            let digits = String(n)
            return String(repeating: "0", count: width - digits.utf8.count) + digits
        }
        let clock = padded(rest / 3_600_000, 2) + ":" + padded(rest / 60_000 % 60, 2) + ":" + padded(rest / 1000 % 60, 2)
        return day.description + "T" + clock + "." + padded(rest % 1000, 3) + "Z"
    }

    /// Reads the text of `description`.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let moment = Moment(text) else {
            throw CRMError(.invalid, "not a moment: \(text)", hint: "Write it as 2026-11-22T09:30:00Z.")
        }
        self = moment
    }

    /// Writes the text of `description`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
