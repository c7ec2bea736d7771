/// Words that mean the same in any kind of record. What a business calls its own things comes from
/// the fields' aliases instead.
enum HeaderSynonyms {
    /// The first of each row stands for all of it.
    private static let rows: [[String]] = [
        ["email", "e mail", "mail", "email address", "e mail address", "mail address", "emailaddress"],
        ["phone", "tel", "telephone", "phone number", "telephone number", "tel no", "phone no", "telefon"],
        ["mobile", "mobile phone", "cell", "cell phone", "cellphone", "mobile number", "handy"],
        ["fax", "fax number", "telefax"],
        ["website", "web site", "web", "url", "homepage", "home page", "web page", "site", "www"],
        ["street", "address", "street address", "address line 1", "address 1", "address1", "street 1", "strasse"],
        ["city", "town", "locality", "ort"],
        ["state", "province", "region", "county", "state province"],
        ["postal code", "zip", "zip code", "zipcode", "postcode", "post code", "postalcode", "plz"],
        ["country", "country name", "nation", "land"],
        ["name", "full name", "title", "display name"],
        ["first name", "given name", "forename", "firstname", "vorname"],
        ["last name", "surname", "family name", "lastname", "nachname"],
        ["description", "notes", "note", "comment", "comments", "remarks", "remark", "details", "memo"],
        ["owner", "assigned to", "assignee", "agent", "responsible", "rep", "representative", "owner name", "assigned user"],
        ["created", "created at", "created date", "create date", "creation date", "date created", "created on", "createdate"],
        ["updated", "updated at", "last modified", "modified", "last modified date", "modified at", "date modified"],
        ["created by", "creator", "author"],
        ["status", "state of record", "status name"],
        ["stage", "phase", "step"],
        ["value", "amount", "sum", "total"],
        ["price", "unit price", "list price"],
        ["quantity", "qty", "count", "number of units", "pieces"],
        ["currency", "currency code", "ccy"],
        ["source", "origin", "channel"],
        ["category", "kind", "type", "group"],
        ["code", "number", "no", "reference", "ref"],
        ["active", "enabled", "is active"],
        ["due date", "due", "deadline", "due on"],
        ["start date", "start", "from", "begin date"],
        ["end date", "end", "until", "to date"],
        ["birthday", "birth date", "date of birth", "dob", "birthdate"],
        ["industry", "sector", "branch"],
        ["position", "job title", "function", "role"],
        ["tags", "labels", "keywords"],
        ["probability", "likelihood", "chance"],
        ["color", "colour"],
    ]

    private static let canonical: [String: String] = {
        var table: [String: String] = [:]
        for row in rows {
            for phrase in row { table[phrase] = row[0] }
        }
        return table
    }()

    /// Replaces the longest known phrases, so that `email_address` and `E-Mail` become the same words.
    static func canonicalWords(_ words: [String]) -> [String] {
        var result: [String] = []
        var index: Int = 0
        while index < words.count {
            var taken: Int = 1
            var replacement: String = words[index]
            for length in stride(from: min(3, words.count - index), through: 1, by: -1) {
                let phrase: String = words[index..<(index + length)].joined(separator: " ")
                if let known = canonical[phrase] {
                    replacement = known
                    taken = length
                    break
                }
            }
            result.append(replacement)
            index += taken
        }
        return result
    }
}
