import PluginAPI

extension CSVError {
    /// The failure as the fronts tell it.
    var asCRMError: CRMError {
        let code: CRMError.Code = switch self.code {
        case .unreadable: .unavailable
        case .cellTooLong, .rowTooLong, .tooManyColumns: .tooLarge
        case .empty, .notText, .invalidText, .brokenQuote: .malformed
        }
        return CRMError(code, description, hint: hint, cause: self)
    }
}
