import PluginAPI

/// `POST /api/v1/mail/test`: sends a message, by default to whoever asks, to see whether mail is set up rightly.
struct MailAPI: Sendable {
    let kernel: Kernel

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        guard Array(rest) == ["test"] else { throw APIFront.unknown(request) }
        guard request.method == "POST" else { return APIFront.wrongMethod(request, "POST") }
        try caller.actor.require(.manageSettings)
        let named: String? = request.body.isEmpty ? nil : try APIFront.body(request)["to"]?.text
        let own: String = caller.actor.userID.flatMap { kernel.rights.people[$0]?.email } ?? ""
        guard let to = named ?? (own.isEmpty ? nil : own) else {
            throw CRMError(.invalid, "it is not said whom the message is for", problems: [Problem(field: "to", "is required")])
        }
        let name: String = kernel.store.settings.name
        let message = try MailMessage(
            Mail(to: [to], subject: "Mail from \(name)", text: "This message shows that \(name) can send mail.\n"))
        guard let post = kernel.outside.mail else { throw CRMError(.unavailable, "there is no mail server here") }
        try await post.send(message, at: kernel.clock.now)
        return .json(JSONWriter.object { $0.field("to", to) })
    }
}
