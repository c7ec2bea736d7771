import PluginAPI

extension Actor {
    /// Throws `forbidden` unless the user may set a user's password or make tokens for that user, which is to say: act as
    /// that user. Everyone may for oneself, whoever manages users for others, and only those who have every right for one
    /// who has every right: managing users is no way to become an administrator.
    func requireImpersonation(of user: Int64) throws {
        if isElevated || user == userID { return }
        try require(.manageUsers)
        guard rights.hasEverything(user) else { return }
        guard let userID, rights.hasEverything(userID) else {
            throw CRMError(.forbidden, "only an administrator may do this for an administrator", hint: "Ask an administrator.")
        }
    }
}

extension RightsSnapshot {
    /// Whether a user holds a role that has every right, active or not.
    func hasEverything(_ user: Int64) -> Bool {
        (people[user]?.roles ?? []).contains { roles[$0]?.grants.isEverything == true }
    }
}
