import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// The moment as HTTP writes it, made once a second: `Sun, 06 Nov 1994 08:49:37 GMT`.
final class HTTPDate: Sendable {
    private struct Written {
        var second = 0
        var text = ""
    }
    private let written = Mutex(Written())

    var now: String {
        let second: Int = time(nil)
        return written.withLock { written in
            if written.second != second { written = Written(second: second, text: Self.text(second)) }
            return written.text
        }
    }

    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    static func text(_ second: Int) -> String {
        var moment: time_t = second
        var parts = tm()
        gmtime_r(&moment, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let day = "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900)"
        return "\(day) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
    }
}
