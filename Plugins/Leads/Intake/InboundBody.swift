import PluginAPI

/// What another system sent: an object, a list of objects, or a form.
struct InboundBody {
    var submissions: [Submission] = []
    var isList = false

    init(_ request: RouteRequest) throws {
        switch request.mediaType {
        case "application/x-www-form-urlencoded", "multipart/form-data":
            var submission = Submission()
            for field in try request.form().fields { submission.add(field.name, field.value) }
            submissions = [submission]
        case "application/json", "":
            let json: Value
            do { json = try PayloadCoding.decode(Value.self, from: request.body) } catch {
                throw CRMError(.malformed, "the body is not JSON", hint: "Send {\"contact_name\": \"…\", \"contact_email\": \"…\"}.")
            }
            switch json {
            case .object(let members): submissions = [try InboundBody.submission(members)]
            case .list(let items):
                isList = true
                guard items.count <= InboundRoutes.most else {
                    throw CRMError(.tooLarge, "more than \(InboundRoutes.most) leads at once", hint: "Send them in several requests.")
                }
                submissions = try items.map { item in
                    guard case .object(let members) = item else { throw InboundBody.unfit }
                    return try InboundBody.submission(members)
                }
            default: throw InboundBody.unfit
            }
        default:
            throw CRMError(
                .malformed, "the body is neither JSON nor a form", hint: "Send it with content-type: application/json.")
        }
    }

    private static let unfit = CRMError(.malformed, "the body is neither a JSON object nor a list of them")

    private static func submission(_ members: [String: Value]) throws -> Submission {
        var submission = Submission()
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            switch value {
            case .nothing: continue
            case .text(let text): submission.add(name, text)
            case .object(let parts):
                // An amount: {"amount": "12.50", "currency": "EUR"}.
                guard case .text(let amount)? = parts["amount"], parts.keys.allSatisfy({ $0 == "amount" || $0 == "currency" }) else {
                    throw CRMError(.malformed, "\(name) is an object that is no amount")
                }
                if case .text(let currency)? = parts["currency"] { submission.add(name, amount + " " + currency) } else { submission.add(name, amount) }
            case .list: throw CRMError(.malformed, "\(name) is a list")
            }
        }
        return submission
    }

    /// Any JSON, as far as it matters here: what is neither object nor list is text.
    private enum Value: Decodable {
        case nothing
        case text(String)
        case object([String: Value])
        case list([Value])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .nothing
            } else if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let flag = try? container.decode(Bool.self) {
                self = .text(flag ? "true" : "false")
            } else if let number = try? container.decode(Int64.self) {
                self = .text(String(number))
            } else if let number = try? container.decode(Double.self) {
                self = .text("\(number)")
            } else if let items = try? container.decode([Value].self) {
                self = .list(items)
            } else {
                self = .object(try container.decode([String: Value].self))
            }
        }
    }
}
