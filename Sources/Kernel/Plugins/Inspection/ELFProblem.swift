/// Why a file could not be read as a shared library. Files come from strangers: each of these is an answer, never a trap.
enum ELFProblem: Error, Equatable {
    case unreadable(errno: Int32)
    case notELF
    case truncated(String)
    case malformed(String)
    case unsupported(String)

    /// What to say of the file: "the library …".
    var message: String {
        switch self {
        case .unreadable(let number): "cannot be read (error \(number))"
        case .notELF: "is not an ELF file"
        case .truncated(let part): "is truncated in its \(part)"
        case .malformed(let fact): "is malformed: \(fact)"
        case .unsupported(let fact): "is not supported: \(fact)"
        }
    }
}
