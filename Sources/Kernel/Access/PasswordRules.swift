import PluginAPI

/// What a password must be like.
enum PasswordRules {
    static let shortest = 10
    /// In bytes: longer ones would only cost time.
    static let longest = 1024

    static func problems(_ password: String, email: String) -> [Problem] {
        if password.count < shortest {
            return [Problem(field: "password", "must have at least \(shortest) characters")]
        }
        if password.utf8.count > longest {
            return [Problem(field: "password", "must have at most \(longest) bytes")]
        }
        if password.lowercased() == email.lowercased() {
            return [Problem(field: "password", "must not be the e-mail address")]
        }
        return []
    }

    /// Throws `invalid` when a password will not do.
    static func check(_ password: String, email: String) throws {
        let problems = problems(password, email: email)
        guard problems.isEmpty else {
            throw CRMError(.invalid, "the password will not do", hint: "Choose a longer sentence that only you know.", problems: problems)
        }
    }
}
