import PluginAPI

/// The files of the data directory belong to something that is there, and what needs a file has it.
struct FileCheck {
    let tx: StoreTransaction
    let dataDirectory: String

    func finding() throws -> Finding {
        let left: [LeftoverFiles.Item] = try LeftoverFiles(dataDirectory: dataDirectory).items(tx.connection)
        let missing: [String] = try LeftoverFiles(dataDirectory: dataDirectory).missingImports(tx.connection)
        var problems: [String] = []
        if !left.isEmpty { problems.append("\(listed(left.map(\.path))) \(left.count == 1 ? "belongs" : "belong") to nothing that is there") }
        if !missing.isEmpty { problems.append("the uploaded file of \(listed(missing)) is gone") }
        guard !problems.isEmpty else { return .ok("files", "every file belongs to something") }
        return Finding(
            state: missing.isEmpty ? .warning : .failed, check: "files", message: problems.joined(separator: "; "),
            hint: missing.isEmpty ? "`tenon doctor --fix` puts them away." : "Restore them from a backup, or delete the imports.",
            mends: left.isEmpty ? [] : [.leftovers])
    }
}
