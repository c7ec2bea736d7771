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
    /// What would mend it, where it follows from other things.
    var mends: [Mend] = []

    static func ok(_ check: String, _ message: String) -> Finding { Finding(state: .ok, check: check, message: message) }
}

/// Something that can be made anew, because it follows from other things.
enum Mend: Sendable, Hashable {
    /// The search index of a table.
    case search(String)
    /// The figures of an entity's boards.
    case figures(String)
    /// The keys by which an entity's duplicates are found.
    case matchKeys(String)
    /// Ids of a table are to follow a number.
    case numbers(String, Int64)
    /// Files that belong to nothing any more.
    case leftovers

    /// What was done, in words.
    var words: String {
        switch self {
        case .search(let table): "made the search index of \(table) anew"
        case .figures(let entity): "counted the boards of \(entity) anew"
        case .matchKeys(let entity): "made the keys of duplicates of \(entity) anew"
        case .numbers(let table, let number): "ids of \(table) go on after \(number)"
        case .leftovers: "put away the files that belong to nothing"
        }
    }
}

/// Names for a message: the first few, and how many more.
func listed(_ names: [String], most: Int = 5) -> String {
    names.prefix(most).joined(separator: ", ") + (names.count > most ? " and \(names.count - most) more" : "")
}
