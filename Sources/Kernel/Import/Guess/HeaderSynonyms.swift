/// Words that mean the same in any kind of record. What a business calls its own things comes from
/// the fields' aliases instead.
enum HeaderSynonyms {
    /// The first of each row stands for all of it.
    private static let rows: [[String]] = [
        ["email", "e mail", "mail", "email address", "e mail address", "mail address", "emailaddress", "e mail adresse", "email adresse", "mailadresse"],
        ["phone", "tel", "telephone", "phone number", "telephone number", "tel no", "phone no", "telefon", "telefonnummer", "tel nr", "rufnummer", "festnetz"],
        ["mobile", "mobile phone", "cell", "cell phone", "cellphone", "mobile number", "handy", "handynummer", "mobil", "mobiltelefon", "mobilnummer"],
        ["fax", "fax number", "telefax", "faxnummer"],
        ["website", "web site", "web", "url", "homepage", "home page", "web page", "site", "www", "webseite", "internet", "internetseite"],
        ["street", "address", "street address", "address line 1", "address 1", "address1", "street 1", "strasse", "anschrift", "adresse", "strasse und hausnummer"],
        ["city", "town", "locality", "ort", "stadt", "wohnort"],
        ["state", "province", "region", "county", "state province", "bundesland", "kanton", "provinz"],
        ["postal code", "zip", "zip code", "zipcode", "postcode", "post code", "postalcode", "plz", "postleitzahl"],
        ["country", "country name", "nation", "land", "staat"],
        ["name", "full name", "title", "display name", "titel", "bezeichnung", "vollstaendiger name"],
        ["first name", "given name", "forename", "firstname", "vorname"],
        ["last name", "surname", "family name", "lastname", "nachname"],
        ["description", "notes", "note", "comment", "comments", "remarks", "remark", "details", "memo", "bemerkung", "bemerkungen", "notiz", "notizen", "kommentar", "anmerkung", "beschreibung"],
        ["owner", "assigned to", "assignee", "agent", "responsible", "rep", "representative", "owner name", "assigned user", "zustaendig", "zugewiesen an", "verantwortlich", "betreuer", "bearbeiter", "besitzer"],
        ["created", "created at", "created date", "create date", "creation date", "date created", "created on", "createdate", "erstellt", "erstellt am", "angelegt", "angelegt am", "erfasst am"],
        ["updated", "updated at", "last modified", "modified", "last modified date", "modified at", "date modified", "geaendert", "geaendert am"],
        ["created by", "creator", "author"],
        ["status", "state of record", "status name"],
        ["stage", "phase", "step", "stufe"],
        ["value", "amount", "sum", "total", "wert", "betrag", "summe", "gesamt"],
        ["price", "unit price", "list price", "preis", "einzelpreis"],
        ["quantity", "qty", "count", "number of units", "pieces", "menge", "anzahl", "stueck"],
        ["currency", "currency code", "ccy", "waehrung"],
        ["source", "origin", "channel", "quelle", "herkunft", "kanal"],
        ["category", "kind", "type", "group", "kategorie", "art", "typ", "gruppe"],
        ["code", "number", "no", "reference", "ref", "nummer", "nr", "kennung"],
        ["active", "enabled", "is active", "aktiv"],
        ["due date", "due", "deadline", "due on", "faellig", "faellig am", "frist"],
        ["start date", "start", "from", "begin date", "beginn", "von", "startdatum"],
        ["end date", "end", "until", "to date", "ende", "bis", "enddatum"],
        ["birthday", "birth date", "date of birth", "dob", "birthdate", "geburtstag", "geburtsdatum"],
        ["industry", "sector", "branch", "branche"],
        ["position", "job title", "function", "role", "funktion", "abteilung", "stelle"],
        ["tags", "labels", "keywords", "schlagworte", "schlagwoerter"],
        ["probability", "likelihood", "chance", "wahrscheinlichkeit"],
        ["color", "colour", "farbe"],
    ]

    private static let canonical: [String: String] = {
        var table: [String: String] = [:]
        for row in rows {
            for phrase in row { table[phrase] = row[0] }
        }
        return table
    }()

    /// A word without the letters that some keyboards lack, as people then write it: `straße` and `strasse` are the same.
    static func folded(_ word: String) -> String {
        guard word.utf8.contains(where: { $0 >= 0x80 }) else { return word }
        var folded: String = ""
        for character in word {
            switch character {
            case "ä": folded += "ae"
            case "ö": folded += "oe"
            case "ü": folded += "ue"
            case "ß": folded += "ss"
            default: folded.append(character)
            }
        }
        return folded
    }

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
