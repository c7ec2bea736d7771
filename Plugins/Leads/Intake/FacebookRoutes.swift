import PluginAPI

/// The address that Facebook calls: once with a challenge when the webhook is set up, then for each lead with its number.
///
/// The form of both is Meta's: "Webhooks, getting started" and "Webhooks for lead ads".
enum FacebookRoutes {
    static let path = "/plugins/leads/facebook"

    /// Answers the challenge to whoever knows the verify token.
    @Sendable static func verify(_ request: RouteRequest, _ context: Context) async throws -> RouteResponse {
        let token = try await context.read { try $0.setting(FacebookSettings.verifyToken) } ?? ""
        guard request.query["hub.mode"] == "subscribe", !token.isEmpty, Seal.isSame(request.query["hub.verify_token"] ?? "", token) else {
            return .text("the verify token is not the one of the settings\n", status: 403)
        }
        return .text(String((request.query["hub.challenge"] ?? "").prefix(200)))
    }

    /// Takes down the numbers of new leads, in one transaction, before it answers: what is answered with 200 is not lost.
    @Sendable static func take(_ request: RouteRequest, _ context: Context) async throws -> RouteResponse {
        guard try await isSigned(request, context) else { return .text("the signature does not fit\n", status: 403) }
        guard let call = try? PayloadCoding.decode(Call.self, from: request.body) else {
            // Signed, and yet of no form that is known: kept whole, for somebody to look at.
            let whole = Submission([.init(name: "body", text: String(decoding: request.body.prefix(80_000), as: UTF8.self))])
            let origin = FailedSubmission.Origin(channel: .facebook, address: request.address)
            try await context.write { try FailedSubmission.keep(whole, origin, because: "the call of Facebook could not be read", $0) }
            return .text("kept\n")
        }
        let news = call.news
        try await context.write { transaction in
            let all = transaction.elevated(for: FailedSubmission.reasonToKeep)
            var isNew = false
            for lead in news where try all.first(FacebookLead.self, where: FacebookLead.leadgenID == lead.id) == nil {
                try all.insert(FacebookLead.self) { record in
                    record[FacebookLead.leadgenID] = lead.id
                    record[FacebookLead.formID] = lead.form
                    record[FacebookLead.pageID] = lead.page
                    record[FacebookLead.nextAt] = all.now
                }
                isNew = true
            }
            if isNew { try all.enqueue(FacebookFetch.job) }
        }
        return .text("ok\n")
    }

    /// `X-Hub-Signature-256: sha256=…`: HMAC of the body as it came, with the app secret.
    private static func isSigned(_ request: RouteRequest, _ context: Context) async throws -> Bool {
        let secret = try await context.read { try $0.setting(FacebookSettings.appSecret) } ?? ""
        guard !secret.isEmpty, let given = request.headers["x-hub-signature-256"] else { return false }
        let code = Seal.hex(try context.hmacSHA256(key: Array(secret.utf8), request.body))
        return Seal.isSame("sha256=" + code, given.lowercased())
    }

    /// `{"object": "page", "entry": [{"changes": [{"field": "leadgen", "value": {"leadgen_id": …, "form_id": …, "page_id": …}}]}]}`.
    private struct Call: Decodable {
        struct Entry: Decodable { var changes: [Change]? }
        struct Change: Decodable {
            var field: String?
            var value: Lead?

            enum Keys: String, CodingKey { case field, value }

            /// Other fields have values of other forms.
            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: Keys.self)
                field = try container.decodeIfPresent(String.self, forKey: .field)
                value = field == "leadgen" ? try container.decodeIfPresent(Lead.self, forKey: .value) : nil
            }
        }
        struct Lead: Decodable {
            var leadgen_id: Number
            var form_id: Number?
            var page_id: Number?
        }
        var object: String?
        var entry: [Entry]

        var news: [(id: String, form: String, page: String)] {
            guard object == "page" else { return [] }
            let leads = entry.flatMap { $0.changes ?? [] }.compactMap(\.value)
            return leads.map { ($0.leadgen_id.text, $0.form_id?.text ?? "", $0.page_id?.text ?? "") }
        }
    }

    /// A number, which comes as a number or as text.
    private struct Number: Decodable {
        var text: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(UInt64.self) {
                text = String(number)
            } else {
                text = try container.decode(String.self)
            }
            guard !text.isEmpty, text.utf8.count <= 40, text.allSatisfy({ $0.isASCII && $0.isNumber }) else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a number of Facebook's")
            }
        }
    }
}
