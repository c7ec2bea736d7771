/// Why a file could not be read as a shared library. Files come from strangers: each of these is an answer, never a trap.
enum ELFProblem: Error, Equatable {
    case unreadable(errno: Int32)
    case notELF
    case truncated(String)
    case malformed(String)
    case unsupported(String)

    /// A lower-case fact about the file.
    var message: String {
        switch self {
        case .unreadable(let number): "cannot be read (error \(number))"
        case .notELF: "not an ELF file"
        case .truncated(let part): "truncated in its \(part)"
        case .malformed(let fact): "malformed: \(fact)"
        case .unsupported(let fact): "not supported: \(fact)"
        }
    }
}
