/// A failure as a value: what happened, to whom it may be said, and what to do about it.
///
/// The kernel turns it into an HTTP answer (RFC 9457) or an exit code in one place. The message is a lower-case fact without a
/// full stop; the hint is a sentence.
public struct CRMError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Code: String, Sendable, CaseIterable {
        /// The input breaks a rule: `problems` names the fields.
        case invalid
        /// The input could not be read at all (malformed JSON, bad cursor).
        case malformed
        /// Nobody is logged in, or the token is unknown.
        case unauthenticated
        /// The user may not do this.
        case forbidden
        /// There is no such record for this user.
        case notFound = "not_found"
        /// Somebody else changed the record in the meantime: `conflicts` names the fields.
        case conflict
        /// A plugin's rule refused the change.
        case refused
        /// The input is larger than allowed.
        case tooLarge = "too_large"
        /// Too many attempts; try again later.
        case throttled
        /// The service cannot answer now.
        case unavailable
        /// A defect: logged in full, told without details.
        case internalError = "internal"
    }

    /// The kind of failure.
    public var code: Code
    /// What happened, in lower case, without a full stop.
    public var message: String
    /// What to do about it, as a sentence; empty when there is nothing to add.
    public var hint: String
    /// The fields that break a rule.
    public var problems: [Problem]
    /// The fields that both sides changed.
    public var conflicts: [FieldConflict]
    /// Ways on from here: the records that it is about.
    public var links: [Link] = []
    /// The failure behind this one, for the log only.
    public var cause: (any Error)?

    /// Makes a failure.
    public init(
        _ code: Code, _ message: String, hint: String = "", problems: [Problem] = [], conflicts: [FieldConflict] = [],
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.problems = problems
        self.conflicts = conflicts
        self.cause = cause
    }

    /// A refusal by a business rule: `throw CRMError.refused("the stage has deals", hint: "Move them first.")`.
    public static func refused(_ message: String, hint: String = "") -> CRMError { CRMError(.refused, message, hint: hint) }

    /// Code, message, fields and hint in one line.
    public var description: String {
        var text = "\(code.rawValue): \(message)"
        for problem in problems { text += "; \(problem.field): \(problem.message)" }
        if !hint.isEmpty { text += ". \(hint)" }
        return text
    }
}

/// One field that breaks a rule, and how.
public struct Problem: Sendable, Hashable, Codable {
    /// The field's name; empty when the record as a whole breaks the rule.
    public var field: String
    /// What is wrong, in lower case, without a full stop.
    public var message: String

    /// A problem with a field.
    public init<Owner, V>(_ field: EntityField<Owner, V>, _ message: String) {
        self.init(field: field.name, message)
    }

    /// A problem with a field named at run time.
    public init(field: String, _ message: String) {
        self.field = field
        self.message = message
    }
}

/// One field that somebody else changed while it was being edited.
public struct FieldConflict: Sendable, Hashable {
    /// The field's name.
    public var field: String
    /// What it was when the editing began.
    public var original: Value
    /// What is stored now.
    public var stored: Value
    /// What was to be saved.
    public var yours: Value

    /// Makes a conflict.
    public init(field: String, original: Value, stored: Value, yours: Value) {
        self.field = field
        self.original = original
        self.stored = stored
        self.yours = yours
    }
}
