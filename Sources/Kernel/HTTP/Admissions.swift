#if canImport(Glibc)
import Glibc
#endif

/// Who is let in, and how much memory goes into what is on its way in and out. Reading and changing have lines of their own,
/// for who changes something may have to wait for the disk; so has logging in, so that there is always a way in; and
/// whoever asks how the server is, or asks from the machine itself, is never turned away.
final class Admissions: Sendable {
    struct Limits: Sendable {
        var reading = Admission.Limits(places: 64, line: 192)
        var changing = Admission.Limits(places: 64, line: 192)
        var entrance = Admission.Limits(places: 16, line: 64)
        /// Bytes of bodies that are being read.
        var bodies = 192 << 20
        /// Bytes of large answers that are being sent.
        var answers = 64 << 20
        /// So many connections are open at once.
        var connections = 2000

        init(_ environment: [String: String] = [:]) {
            func number(_ name: String) -> Int? { environment[name].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }
            if let places = number("TENON_PLACES") {
                (reading.places, changing.places) = (places, places)
                (reading.line, changing.line) = (places * 3, places * 3)
            }
            if let most = number("TENON_CONNECTIONS") { connections = most }
            // Files and the database need some of what the system allows.
            var allowed = rlimit()
            if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &allowed) == 0, allowed.rlim_cur < 1 << 20 {
                connections = min(connections, max(64, Int(allowed.rlim_cur) - 200))
            }
        }
    }

    let reading: Admission
    let changing: Admission
    let entrance: Admission
    let bodies: Budget
    let answers: Budget
    let connections: Budget

    init(_ limits: Limits = Limits()) {
        reading = Admission(limits.reading)
        changing = Admission(limits.changing)
        entrance = Admission(limits.entrance)
        bodies = Budget(limits.bodies)
        answers = Budget(limits.answers)
        connections = Budget(limits.connections)
    }

    /// The line in which a request stands; nil for those that are always answered.
    func line(of request: FrontRequest) -> Admission? {
        request.isLocal ? nil : line(request.method, request.path.first ?? "")
    }

    private func line(_ method: String, _ first: String) -> Admission? {
        switch first {
        case "healthz", "readyz", "assets": return nil
        case "login", "logout", "metrics": return entrance
        default: return method == "GET" || method == "HEAD" || method == "OPTIONS" ? reading : changing
        }
    }

    /// The same by the head alone, as the event loop has it.
    func line(_ method: String, ofTarget target: String) -> Admission? {
        // By bytes: letters of a text are looked for, which costs many times as much, and by the thread that reads all connections.
        let (slash, mark) = (UInt8(ascii: "/"), UInt8(ascii: "?"))
        return line(method, String(Substring(target.utf8.drop { $0 == slash }.prefix { $0 != slash && $0 != mark })))
    }
}
