import PluginAPI

extension CSVOptions {
    /// A delimiter as people name it: the sign itself, or comma, semicolon, tab, pipe.
    static func delimiter(named text: String) throws -> UInt8 {
        let named: [String: UInt8] = ["comma": 44, "semicolon": 59, "tab": 9, "pipe": 124]
        guard let byte = named[text] ?? (text.utf8.count == 1 ? text.utf8.first : nil), byte != 0x22, byte != 10, byte != 13 else {
            throw CRMError(.invalid, "the delimiter is not one", problems: [Problem(field: "delimiter", "must be one character")])
        }
        return byte
    }

    /// An encoding by its name; nil for `auto`, which leaves it to the file.
    static func encoding(named text: String) throws -> CSVEncoding? {
        if text.isEmpty || text == "auto" { return nil }
        guard let known = CSVEncoding(rawValue: text.lowercased()) else {
            let names: String = (["auto"] + CSVEncoding.allCases.map(\.rawValue)).joined(separator: ", ")
            throw CRMError(.invalid, "the encoding is not known", problems: [Problem(field: "encoding", "must be one of \(names)")])
        }
        return known
    }
}
