/// What one check of the deployment came to.
struct Finding: Sendable, Equatable {
    enum State: String, Sendable { case ok, warning, failed }
    var state: State
    /// The name of the check: a word or two.
    var check: String
    /// What was found, in lower case, without a full stop.
    var message: String
    /// What to do about it, as a sentence; empty when all is well.
    var hint = ""
}
