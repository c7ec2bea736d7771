import PluginAPI

/// How the text of a file is read: found out from it, shown, and to be corrected where the guess was wrong.
struct ImportReading {
    let visit: Visit
    let item: JSONValue
    let id: String

    private static let encodings = [
        ("utf-8", "UTF-8"), ("windows-1252", "Windows-1252 (older spreadsheets)"), ("utf-16le", "UTF-16"), ("utf-16be", "UTF-16, high byte first"),
    ]
    private static let delimiters = [(",", "commas"), (";", "semicolons"), ("\t", "tabs"), ("|", "upright strokes")]

    var html: HTML {
        guard let format = item["format"], !isOfCards else { return "" }
        let (encoding, delimiter) = (format["encoding"]?.text ?? "", format["delimiter"]?.text ?? "")
        let guessed: HTML = Badge.word("guessed", .warn)
        let isGuessed = format["encoding_is_guessed"]?.bool == true && encoding != "utf-8"
        return """
            <form method="post" class="row reading" action="/admin/imports/\(id)/read">\(csrfField(visit.csrf))<label for="encoding">Text in</label>\(select("encoding", ImportReading.encodings, encoding))\(guessed, if: isGuessed)<label for="delimiter">cells between</label>\(select("delimiter", ImportReading.delimiters, delimiter))<button class="button compact">Read again</button></form>
            """
    }

    /// A table made of cards is not read in any other way.
    private var isOfCards: Bool { (item["file_name"]?.text ?? "").lowercased().hasSuffix(".vcf") }

    private func select(_ name: String, _ known: [(String, String)], _ chosen: String) -> HTML {
        let all = known.contains { $0.0 == chosen } ? known : known + [(chosen, chosen)]
        let options = all.html { "<option value=\"\($0.0)\"\(" selected", if: $0.0 == chosen)>\($0.1)</option>" }
        return "<select id=\"\(name)\" name=\"\(name)\">\(options)</select>"
    }

    /// The form as a change of the plan.
    static func change(_ form: FormBody) -> JSONValue {
        .object([
            .init(name: "encoding", value: .string(form.text("encoding"))),
            .init(name: "delimiter", value: .string(form["delimiter"] ?? "")),
        ])
    }
}
