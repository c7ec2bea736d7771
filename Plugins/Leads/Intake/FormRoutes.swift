import PluginAPI

/// The addresses of forms: the page, what is sent to it, and the page that thanks.
enum FormRoutes {
    @Sendable static func show(_ request: RouteRequest, _ context: Context) async throws -> RouteResponse {
        guard let page = try await page(request, context) else { return .page(FormPage.closed(), status: 404) }
        return .page(page.page(began: try FormStamp.make(page.model.form, context)))
    }

    @Sendable static func thank(_ request: RouteRequest, _ context: Context) async throws -> RouteResponse {
        guard let page = try await page(request, context) else { return .page(FormPage.closed(), status: 404) }
        return .page(page.thanks())
    }

    /// What people can mend is shown to them; whatever else stands in the way is kept, and they are thanked. So are programs
    /// that send spam: they are not to learn what gave them away.
    @Sendable static func take(_ request: RouteRequest, _ context: Context) async throws -> RouteResponse {
        guard let page = try await page(request, context) else { return .page(FormPage.closed(), status: 404) }
        let form = page.model.form
        let sent: FormFields
        do { sent = try request.form() } catch let error as CRMError {
            let began = try FormStamp.make(form, context)
            return .page(page.page(began: began, problem: error.message), status: 400)
        }
        if let wait = wait(for: form, request, context) { return try busy(page, sent, wait, context) }

        let (submission, missing) = page.read(sent)
        let origin = FailedSubmission.Origin(channel: .form, form: Reference(form.id), address: request.address)
        if let spam = try spam(sent, form, context) {
            try await context.write { try FailedSubmission.keep(submission, origin, because: spam, as: .spam, $0) }
            return accepted(page)
        }
        if try isOpenTooLong(sent, form, context) {
            return .page(
                page.page(
                    began: try FormStamp.make(form, context), sent: sent, problem: "this page was open for long, please send it once more"),
                status: 422)
        }
        if !missing.isEmpty { return try mend(page, sent, missing, context) }
        do {
            try await context.write { transaction in _ = try Intake(form).accept(submission, transaction) }
            return accepted(page)
        } catch let error as CRMError {
            let mendable = error.code == .invalid ? error.problems.filter { problem in page.model.fields.contains { $0.name == problem.field } } : []
            if !mendable.isEmpty { return try mend(page, sent, mendable, context) }
            try await keep(submission, origin, FailedSubmission.words(error), context)
        } catch {
            try await keep(submission, origin, "something went wrong here", context)
            context.log("a submission of the form \(form[LeadForm.name]) failed: \(error)")
        }
        return accepted(page)
    }

    /// What could not become a lead for whatever reason is stored before anybody is thanked for it.
    private static func keep(
        _ submission: Submission, _ origin: FailedSubmission.Origin, _ reason: String, _ context: Context
    ) async throws {
        try await context.write { transaction in _ = try FailedSubmission.keep(submission, origin, because: reason, transaction) }
    }

    private static func page(_ request: RouteRequest, _ context: Context) async throws -> FormPage? {
        let key = request.parameters["key"] ?? ""
        guard let model = try await context.read({ try FormPage.model(key, $0) }), model.form[LeadForm.active] else { return nil }
        return FormPage(model: model, isEmbedded: request.query["embed"] == "1")
    }

    private static func accepted(_ page: FormPage) -> RouteResponse {
        let form = page.model.form
        if !page.isEmbedded, let target = form[LeadForm.redirect] { return .redirect(to: target) }
        return .redirect(to: LeadForm.path(form[LeadForm.key]) + "/thanks" + (page.isEmbedded ? "?embed=1" : ""))
    }

    private static func mend(_ page: FormPage, _ sent: FormFields, _ problems: [Problem], _ context: Context) throws -> RouteResponse {
        let words = problems.first { $0.field.isEmpty }?.message ?? "some fields need another look"
        return .page(
            page.page(
                began: try FormStamp.make(page.model.form, context), sent: sent, problems: problems.filter { !$0.field.isEmpty },
                problem: words), status: 422)
    }

    // MARK: Too much

    /// In how many seconds there is room for another submission; nil when there is now.
    private static func wait(for form: Record<LeadForm>, _ request: RouteRequest, _ context: Context) -> Int? {
        let address = context.allow("form \(form.id) from \(request.network)", atMost: form[LeadForm.perAddress], per: .minute)
        if !address.isGranted { return address.secondsToWait }
        let all = context.allow("form \(form.id)", atMost: form[LeadForm.perMinute], per: .minute)
        return all.isGranted ? nil : all.secondsToWait
    }

    private static func busy(_ page: FormPage, _ sent: FormFields, _ wait: Int, _ context: Context) throws -> RouteResponse {
        let words = "too much is being sent just now, please send it again in \(wait) \(wait == 1 ? "second" : "seconds")"
        return RouteResponse.page(page.page(began: try FormStamp.make(page.model.form, context), sent: sent, problem: words), status: 429)
            .with("retry-after", String(wait))
    }

    // MARK: Spam

    /// What gives a program away, or nil.
    private static func spam(_ sent: FormFields, _ form: Record<LeadForm>, _ context: Context) throws -> String? {
        if let trap = sent[FormPage.trap], !trap.isEmpty { return "the field that people do not see was filled in" }
        switch try FormStamp.age(sent[FormPage.began], form, context) {
        case .missing: return form[LeadForm.ownMarkup] ? nil : "it was not sent from the form's page"
        case .forged: return "the mark of the form's page was made up"
        case .tooQuick: return "it was filled in within a moment"
        case .fine, .tooOld: return nil
        }
    }

    private static func isOpenTooLong(_ sent: FormFields, _ form: Record<LeadForm>, _ context: Context) throws -> Bool {
        try FormStamp.age(sent[FormPage.began], form, context) == .tooOld
    }
}
