import PluginAPI

/// How a command ended, for scripts.
enum ExitStatus: Int32, Sendable {
    case success = 0
    /// Refused by a rule, or failed.
    case failure = 1
    /// The command was not understood.
    case usage = 2
    case notFound = 3
    /// Not allowed, or nobody is known to ask.
    case forbidden = 4
    /// Somebody else changed the record in the meantime.
    case conflict = 5
    /// Done in part: an import that left rows out.
    case partial = 6
    /// The server or the data directory cannot be reached.
    case unavailable = 7

    init(_ code: CRMError.Code) {
        switch code {
        case .notFound: self = .notFound
        case .unauthenticated, .forbidden: self = .forbidden
        case .conflict: self = .conflict
        case .unavailable, .throttled: self = .unavailable
        case .invalid, .malformed, .refused, .tooLarge, .internalError: self = .failure
        @unknown default: self = .failure
        }
    }

    /// What an answer of the server means.
    init(httpStatus status: Int) {
        switch status {
        case 200..<300: self = .success
        case 401, 403: self = .forbidden
        case 404: self = .notFound
        case 409, 412: self = .conflict
        case 429, 502, 503, 504: self = .unavailable
        default: self = .failure
        }
    }
}

/// A command that was not understood: the message, and what was probably meant.
struct UsageError: Error, CustomStringConvertible {
    var message: String
    var hint: String = ""
    init(_ message: String, hint: String = "") {
        self.message = message
        self.hint = hint
    }
    var description: String { hint.isEmpty ? message : "\(message). \(hint)" }
}
