import PluginAPI

/// A refusal as the server told it (RFC 9457): where all fronts' errors become lines on the terminal.
struct ProblemReport: Error, Sendable {
    var status: ExitStatus
    var code: String
    var message: String
    var hint: String
    var fields: [Field] = []
    var conflicts: [Conflict] = []
    var links: [Way] = []
    /// What the server sent, for `--json`.
    var document: [UInt8] = []

    struct Field: Sendable { var name, message: String }
    /// A way on from here, as a command.
    struct Way: Sendable { var title, command: String }
    struct Conflict: Sendable { var name, original, stored, yours: String }

    init(_ response: APIResponse, to request: APIRequest? = nil) {
        let body = (try? JSONValue(parsing: response.body)) ?? .null
        status = ExitStatus(httpStatus: response.status)
        code = body["type"].scalar.split(separator: "/").last.map(String.init) ?? ""
        // A rule's refusal shares its status with conflicts, but not its meaning.
        if code == CRMError.Code.refused.rawValue { status = .failure }
        message = body["detail"].string ?? body["title"].string ?? "the server answered with status \(response.status)"
        hint = body["hint"].string ?? ""
        fields = body["errors"].elements.map { Field(name: $0["field"].scalar, message: $0["message"].scalar) }
        conflicts = body["conflicts"].elements.map { entry in
            Conflict(
                name: entry["field"].scalar, original: TerminalText.plain(entry["original"] ?? .null),
                stored: TerminalText.plain(entry["stored"] ?? .null), yours: TerminalText.plain(entry["yours"] ?? .null))
        }
        links = body["links"].elements.compactMap { ProblemReport.way($0, from: request) }
        document = body.isNull ? ProblemReport.document(code: "", message: message, hint: "", status: response.status) : response.body
    }

    init(_ error: CRMError) {
        status = ExitStatus(error.code)
        code = error.code.rawValue
        message = error.message
        hint = error.hint
        fields = error.problems.map { Field(name: $0.field, message: $0.message) }
        document = ProblemReport.document(code: code, message: message, hint: hint, status: nil)
    }

    init(_ error: UsageError) {
        status = .usage
        code = "usage"
        message = error.message
        hint = error.hint
        document = ProblemReport.document(code: code, message: message, hint: hint, status: nil)
    }

    init(any error: any Error) {
        switch error {
        case let report as ProblemReport: self = report
        case let error as CRMError: self.init(error)
        case let error as UsageError: self.init(error)
        case let error as NoDeployment: self.init(error.told)
        default: self.init(CRMError(.internalError, String(describing: error)))
        }
    }

    /// The command that goes where a link of the JSON front goes.
    private static func way(_ link: JSONValue, from request: APIRequest?) -> Way? {
        let address: [Substring] = link["api"].scalar.split(separator: "?", maxSplits: 1)
        let parts: [Substring] = (address.first ?? "").split(separator: "/").dropFirst(2).map { $0 }
        guard let plural = parts.first else { return nil }
        let title: String = link["title"].scalar
        switch link["kind"].scalar {
        case "list":
            let filter: [Substring] = address.count > 1 ? address[1].split(separator: "=", maxSplits: 1) : []
            return filter.count == 2 ? Way(title: title, command: "tenon \(plural) list --\(filter[0]) \(filter[1])") : nil
        case "record" where parts.count > 1: return Way(title: title, command: "tenon \(plural) show \(parts[1])")
        // A record that is there is merged as it is; what was to be a new one is added to the other.
        case "merge" where parts.count > 1 && request?.method == "PATCH" && request?.path.count == 4 && request?.path[2] == String(plural):
            return Way(title: title, command: "tenon \(plural) merge \(parts[1]) \(request?.path[3] ?? "")")
        case "merge" where parts.count > 1: return Way(title: title, command: "tenon \(plural) edit \(parts[1]) …, with what is to be added")
        default: return nil
        }
    }

    private static func document(code: String, message: String, hint: String, status: Int?) -> [UInt8] {
        var node: JSONValue = .fields(["title": .string(message), "code": .string(code)])
        if !hint.isEmpty { node.set("hint", .string(hint)) }
        if let status { node.set("status", .integer(Int64(status))) }
        return Array(node.text().utf8)
    }

    func text(style: TextStyle) -> String {
        var lines = [style(.bad, "error:") + " " + message.tame]
        for field in fields where !(field.name.isEmpty && field.message == message) {
            lines.append(field.name.isEmpty ? "  \(field.message.tame)" : "  \(style(.bold, field.name)): \(field.message.tame)")
        }
        for conflict in conflicts {
            lines.append("  \(style(.bold, conflict.name)): was \(conflict.original), now \(conflict.stored), yours \(conflict.yours)")
        }
        for link in links { lines.append("  \(link.title.tame): \(style(.bold, link.command.tame))") }
        if !hint.isEmpty { lines.append(style(.dim, "hint:") + " " + hint.tame) }
        return lines.joined(separator: "\n")
    }
}
