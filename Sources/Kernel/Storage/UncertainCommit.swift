import PluginAPI

/// The way to the database broke after a change was sent to be stored and before it was said whether it is: nobody here knows.
struct UncertainCommit: Error, CustomStringConvertible {
    /// What broke.
    var cause: any Error

    var description: String { "the outcome of a commit is not known: \(cause)" }

    /// As whoever asked for the change is told. No answer of this kind says that another try does no harm.
    var told: CRMError {
        CRMError(
            .unavailable, "the database went away while it stored the change, and may have stored it",
            hint: "Look whether it is there before you try again. A request with an Idempotency-Key can be sent again: it is carried out once.",
            cause: self)
    }
}
