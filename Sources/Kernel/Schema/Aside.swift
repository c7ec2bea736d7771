import PluginAPI

/// Records that are set aside: lists and metrics leave them out unless somebody asks for them.
extension EntityModel {
    /// A condition with what is set aside left out, unless one of these fields is named: whoever filters by what sets records
    /// aside asks for them.
    func leavingAside(_ filter: Filter, naming fields: some Sequence<String>) -> Filter {
        guard let aside, !fields.contains(where: aside.namedFields.contains) else { return filter }
        return .all([filter, aside.opposite])
    }
}

extension Filter {
    /// What holds where this does not, written so that an address can say it where that is possible.
    var opposite: Filter {
        switch self {
        case .compare(let field, .equal, let operand): .compare(field, .notEqual, operand)
        case .compare(let field, .notEqual, let operand): .compare(field, .equal, operand)
        case .not(let inner): inner
        default: .not(self)
        }
    }
}
