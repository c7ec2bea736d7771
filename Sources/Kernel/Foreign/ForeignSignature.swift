/// A C function as `plugin.json` describes it. Nothing can check the description against the library: a symbol carries no
/// types. What can be checked is that the description itself makes sense.
struct ForeignSignature: Sendable, Hashable {
    /// The name of the C function.
    let symbol: String
    let parameters: [ForeignType]
    /// Nil for a function that gives nothing back.
    let result: ForeignType?
    /// Whether it takes a place to write down why it cannot do what it was asked: two more parameters at the end.
    let mayFail: Bool

    /// What a C compiler would have to see in the library's source.
    var prototype: String {
        var takes: [String] = parameters.map { $0.inC.trimmed }
        if mayFail { takes += ["char *problem", "size_t room"] }
        return (result?.inC ?? "void ") + symbol + "(" + (takes.isEmpty ? "void" : takes.joined(separator: ", ")) + ")"
    }

    /// The most parameters that a function may declare; two more may follow for its problem.
    static let mostParameters = 12

    /// Whether a name can be that of a C function.
    static func isIdentifier(_ name: String) -> Bool {
        let bytes: [UInt8] = Array(name.utf8)
        guard let first = bytes.first, bytes.count <= 200, !(48...57).contains(first) else { return false }
        return bytes.allSatisfy { $0 == 95 || (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) }
    }
}
