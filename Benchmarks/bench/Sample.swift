import Dispatch

/// A record that all sides store, made from its number: the same number is the same record, and two numbers have different
/// addresses. Words come as often as in real files: goods and places in one of twenty, a surname in one of eighty.
struct Sample {
    let number: Int
    let title, name, email, company: String
    /// Whole units of a currency.
    let value: Int

    static let goods = [
        "New roof", "Solar panels", "Conveyor belt", "Spare parts", "Office chairs", "Warehouse racks", "Coffee machines", "Web shop",
        "Fork lift", "Cooling system", "Packaging line", "Fire alarm", "Cleaning contract", "Server room", "Delivery vans", "Work clothes",
        "Training days", "Heat pump", "Security doors", "Drinking water",
    ]
    static let places = [
        "Hamburg", "Antwerp", "Bergen", "Porto", "Krakow", "Lyon", "Turin", "Graz", "Basel", "Ghent", "Malmo", "Cork", "Leeds", "Tartu",
        "Brno", "Split", "Sevilla", "Aarhus", "Tampere", "Riga",
    ]
    private static let firstNames = [
        "Anna", "Boris", "Camille", "Dario", "Elena", "Frida", "Goran", "Hanna", "Igor", "Jana", "Karl", "Lucia", "Marek", "Nora", "Oskar",
        "Paula", "Quentin", "Rosa", "Sanna", "Tomas", "Ursula", "Viktor", "Wanda", "Xaver", "Yvonne", "Zdenka",
    ]
    private static let beginnings = ["Ber", "Lind", "Kow", "Hart", "Sten", "Mor", "Fal", "Grun", "Wes", "Al"]
    private static let endings = ["ger", "strom", "alski", "mann", "berg", "etti", "kvist", "owicz"]
    private static let kinds = [
        "Logistics", "Printing", "Brothers", "Foods", "Machines", "Textiles", "Timber", "Glass", "Marine", "Systems", "Bakery", "Steel",
    ]
    static let description =
        "Met at the trade fair. They want an offer for the large hall first and would like to see two other buildings that we did."

    init(_ number: Int) {
        self.number = number
        var dice = Dice(seed: UInt64(number))
        let owner: String = dice.pick(Sample.beginnings) + dice.pick(Sample.endings)
        let kind: String = dice.pick(Sample.kinds)
        let (first, last): (String, String) = (dice.pick(Sample.firstNames), dice.pick(Sample.beginnings) + dice.pick(Sample.endings))
        company = "\(owner) \(kind) \(dice.pick(Sample.places))"
        title = "\(dice.pick(Sample.goods)) for \(company)"
        name = "\(first) \(last)"
        email = "\(first).\(last).\(number)@\(owner).example".lowercased()
        value = 100 + dice.roll(90_000)
    }

    /// As the JSON front takes it.
    var json: String {
        """
        {"title":"\(title)","contact_name":"\(name)","contact_email":"\(email)","company_name":"\(company)",\
        "description":"\(Sample.description)","value":{"amount":"\(value).00","currency":"EUR"}}
        """
    }

    /// As the trail keeps what was filled in.
    var trail: String {
        """
        {"title":[null,"\(title)"],"contact_name":[null,"\(name)"],"contact_email":[null,"\(email)"],"company_name":[null,"\(company)"],\
        "description":[null,"\(Sample.description)"],"value":[null,{"amount":"\(value).00","currency":"EUR"}]}
        """
    }

    /// As a line of a file to import; `status` is a name.
    func line(status: String) -> String { "\(title),\(name),\(email),\(company),\(value).00,\(status)" }
    static let heading = "title,contact_name,contact_email,company_name,value,status"
}

/// Numbers that look thrown, and are the same every time (splitmix64).
private struct Dice {
    var seed: UInt64

    mutating func roll(_ sides: Int) -> Int {
        seed &+= 0x9E37_79B9_7F4A_7C15
        var mixed: UInt64 = seed
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % UInt64(sides))
    }

    mutating func pick(_ words: [String]) -> String { words[roll(words.count)] }
}

/// Nanoseconds of a clock that only goes forward.
func nanoseconds() -> Int { Int(DispatchTime.now().uptimeNanoseconds) }
