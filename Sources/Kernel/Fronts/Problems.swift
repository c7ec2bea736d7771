import PluginAPI

/// The one place that turns failures into answers (RFC 9457) and exit codes. What is not a `CRMError` is a defect: logged
/// in full, told without details.
enum Problems {
    static func status(_ code: CRMError.Code) -> Int {
        switch code {
        case .invalid: 422
        case .malformed: 400
        case .unauthenticated: 401
        case .forbidden: 403
        case .notFound: 404
        case .conflict: 409
        case .refused: 409
        case .tooLarge: 413
        case .throttled: 429
        case .unavailable: 503
        case .internalError: 500
        @unknown default: 500
        }
    }

    /// Any error as a failure that may be told.
    static func told(_ error: any Error, dialect: any Dialect) -> CRMError {
        if let known = error as? CRMError {
            return known.code == .internalError ? hidden(known) : known
        }
        if let uncertain = error as? UncertainCommit { return uncertain.told }
        if dialect.isFull(error) {
            return CRMError(
                .unavailable, "the disk is full", hint: "Nothing was stored. Try again once there is room; reading goes on.", cause: error)
        }
        // Given up while it waited for its turn: nothing of it was done.
        if error is CancellationError { return CRMError(.unavailable, "the server is being stopped", hint: "Try again in a moment.", cause: error) }
        if dialect.isTemporary(error) {
            return CRMError(.unavailable, "the database cannot take this now", hint: "Try again in a moment.", cause: error)
        }
        return hidden(error)
    }

    /// All that is known of an error: what the log may show and people not.
    static func inLog(_ error: any Error) -> String {
        String(reflecting: error)
    }

    private static func hidden(_ error: any Error) -> CRMError {
        CRMError(.internalError, "something went wrong here", hint: "It has been noted in the server's log.", cause: error)
    }

    static func response(_ error: CRMError) -> FrontResponse {
        let status = status(error.code)
        let body = JSONWriter.object { json in
            json.field("type", "https://tenon.invalid/problems/" + error.code.rawValue)
            json.field("title", error.code.rawValue.readable)
            json.field("status", status)
            json.field("detail", error.message)
            if !error.hint.isEmpty { json.field("hint", error.hint) }
            if !error.problems.isEmpty { json.errors(error.problems) }
            json.links(error)
            if !error.conflicts.isEmpty {
                json.key("conflicts")
                json.beginArray()
                for conflict in error.conflicts {
                    json.beginObject()
                    json.field("field", conflict.field)
                    json.key("original")
                    json.value(conflict.original)
                    json.key("stored")
                    json.value(conflict.stored)
                    json.key("yours")
                    json.value(conflict.yours)
                    json.endObject()
                }
                json.endArray()
            }
        }
        var response = FrontResponse(status, contentType: "application/problem+json", body)
        if error.code == .unauthenticated { response = response.with("www-authenticate", "Bearer") }
        return response.invitingAgain(after: error)
    }
}

extension FrontResponse {
    /// Says when to try again, where nothing can have been stored.
    func invitingAgain(after error: CRMError) -> FrontResponse {
        switch error.code {
        case .throttled: with("retry-after", "60")
        case .unavailable where !(error.cause is UncertainCommit): with("retry-after", "1")
        default: self
        }
    }
}

extension JSONWriter {
    /// The fields that break a rule: `"errors": [{"field", "message"}]`.
    mutating func errors(_ problems: [Problem]) {
        key("errors")
        beginArray()
        for problem in problems {
            beginObject()
            field("field", problem.field)
            field("message", problem.message)
            endObject()
        }
        endArray()
    }
}
