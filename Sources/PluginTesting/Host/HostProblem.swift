#if canImport(Glibc)
import Glibc
#endif

/// Why a host could not do what a test asked: the product is not there, does not start, does not answer.
public struct HostProblem: Error, CustomStringConvertible {
    /// The fact.
    public let description: String
    init(_ description: String) { self.description = description }

    static var lastError: String { String(cString: strerror(errno)).lowercased() }
}

/// The product refused what was asked: the same words that its users get.
public struct Refusal: Error, CustomStringConvertible, Sendable {
    /// What is wrong with one field.
    public struct Problem: Sendable, Hashable {
        /// The field's name.
        public var field: String
        /// The rest of the sentence.
        public var message: String
    }
    /// The HTTP status.
    public let status: Int
    /// The fact.
    public let detail: String
    /// What to do about it.
    public let hint: String
    /// By field.
    public let problems: [Problem]
    /// The fields named, in order.
    public var fields: [String] { problems.map(\.field) }

    public var description: String {
        let list = problems.map { "\($0.field) \($0.message)" }.joined(separator: "; ")
        return "\(status): \(detail)" + (list.isEmpty ? "" : " (\(list))") + (hint.isEmpty ? "" : " \(hint)")
    }

    init(_ response: HostResponse) {
        let document = (try? response.json) ?? .null
        status = response.status
        let text = response.text
        detail = document["detail"].text.isEmpty ? String(text.prefix(300)) : document["detail"].text
        hint = document["hint"].text
        problems = document["errors"].items.map { Problem(field: $0["field"].text, message: $0["message"].text) }
    }
}
