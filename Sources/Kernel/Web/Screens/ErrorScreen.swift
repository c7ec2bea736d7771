import PluginAPI

/// What people see when something did not work: what happened, and what to do.
enum ErrorScreen {
    static func title(_ error: CRMError) -> String {
        switch error.code {
        case .notFound: "Not found"
        case .forbidden: "You may not do this"
        case .conflict: "Somebody else was quicker"
        case .invalid, .malformed: "This does not fit"
        case .refused: "Not possible"
        case .tooLarge: "Too large"
        case .throttled: "Too many attempts"
        case .unavailable: "Not now"
        default: "Something went wrong"
        }
    }

    static func content(_ error: CRMError, status: Int) -> HTML {
        let hint: HTML = error.hint.isEmpty ? "" : "<p class=\"muted\">\(error.hint)</p>"
        let problems = error.problems.html { "<li>\($0.told($0.field.readable))</li>" }
        let list: HTML = error.problems.isEmpty ? "" : "<ul class=\"prose\">\(problems)</ul>"
        return """
            <div class="error"><p class="code">Error \(status)</p><h1>\(title(error))</h1><p>\(error.message.asSentence)</p>\(hint)\(list)\(Parts.ways(error))<div class="row"><a class="button primary" href="/admin">Go to the home page</a></div></div>
            """
    }

    /// Within the frame where there is one to show it in, as a part where a part was asked for.
    static func respond(_ error: CRMError, _ visit: Visit) async -> FrontResponse {
        // Parts in JSON say it by themselves.
        if ["json", "cell"].contains(visit.fragment) { return Problems.response(error) }
        return await page(error, visit).invitingAgain(after: error)
    }

    private static func page(_ error: CRMError, _ visit: Visit) async -> FrontResponse {
        let status = Problems.status(error.code)
        switch visit.fragment {
        case "dialog":
            return .html(Parts.dialog(title(error), "\(FieldForm.summary(error, fields: []))").bytes, status: status)
        case "": break
        default: return .html(FieldForm.summary(error, fields: []).bytes, status: status)
        }
        if let page = try? await visit.page(Page(title: title(error), content: content(error, status: status)), status: status) { return page }
        return bare(error)
    }

    static func alone(_ error: CRMError) -> FrontResponse { bare(error).invitingAgain(after: error) }

    private static func bare(_ error: CRMError) -> FrontResponse {
        let status = Problems.status(error.code)
        return .html(Page.alone(title(error), "<section class=\"card-box\">\(content(error, status: status))</section>").bytes, status: status)
    }
}
