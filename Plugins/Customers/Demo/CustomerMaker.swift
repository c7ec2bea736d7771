import PluginAPI

/// Makes up companies and people.
struct CustomerMaker {
    var random = SeededRandom(seed: 20_240)
    let users: [Reference<User>]
    let currency: Currency
    private var names: [String]
    private var addresses: Set<String> = []

    init(users: [Reference<User>], currency: Currency) {
        self.users = users
        self.currency = currency
        let heads: [String] = [
            "Hal", "Bren", "Cor", "Del", "Fen", "Gar", "Kel", "Lin", "Mar", "Nor", "Ost", "Pel", "Quil", "Ros", "Sel", "Tam", "Ul",
            "Ver", "Wes", "Zan", "Bal", "Dor", "Eld", "Fal",
        ]
        let tails: [String] = [
            "dermere", "montis", "vikstad", "fordane", "stadler", "leighan", "oravia", "merrin", "beckum", "dalena", "gatewyn",
            "viantis", "holmar", "quayle", "rundell", "tessin",
        ]
        names = heads.flatMap { head in tails.map { head + $0 } }
        names.shuffle(using: &random)
    }

    struct CompanyPlan {
        var name: String
        var domain: String
        var country: Country
        var city: (name: String, code: String)
        var street: String
        var postalCode: String
        var phone: String
        var industry: String
        var owner: Reference<User>?
        var employees: Int
        var revenue: Money
        var founded: Int

        func write(to record: inout Record<Company>) {
            record[Company.name] = name
            record[Company.website] = "https://" + domain
            record[Company.officeEmail] = "office@" + domain
            record[Company.officePhone] = phone
            record[Company.street] = street
            record[Company.city] = city.name
            record[Company.postalCode] = postalCode
            record[Company.country] = country.name
            record[Company.industry] = industry
            record[Company.owner] = owner
            record[Company.employees] = employees
            record[Company.annualRevenue] = revenue
            record[Company.founded] = founded
        }
    }

    struct PersonPlan {
        var name: String
        var email: String
        var phone: String
        var owner: Reference<User>?
        /// Where somebody lives who buys for no company.
        var address: (street: String, city: String, postalCode: String, country: String)?

        func write(to record: inout Record<Customer>) {
            if let address {
                record[Customer.street] = address.street
                record[Customer.city] = address.city
                record[Customer.postalCode] = address.postalCode
                record[Customer.country] = address.country
            }
            record[Customer.name] = name
            record[Customer.email] = email
            record[Customer.phone] = phone
            record[Customer.owner] = owner
        }
    }

    mutating func company(number: Int) -> CompanyPlan {
        let country = Country.all[random.pick(weights: Country.all.map(\.weight))]
        let industry = random.pick(Industry.all)
        let root = names[number]
        let employees = 4 + spread(from: 6)
        let perHead = Int64(random.number(60...220))
        let street: String = "\(random.pick(country.streets)) \(random.number(1...120))"
        let city = random.pick(country.cities)
        return CompanyPlan(
            name: "\(root) \(random.pick(industry.words)) \(random.pick(country.legalForms))",
            domain: root.lowercased() + ".example", country: country, city: city, street: street,
            postalCode: city.code + String(random.number(100...999)), phone: phone(in: country), industry: industry.name,
            owner: owner(), employees: employees, revenue: money(Int64(employees) * perHead * 1000),
            founded: random.number(1948...2019))
    }

    mutating func contact(of company: CompanyPlan) -> PersonPlan {
        person(in: company.country, domain: company.domain, owner: company.owner)
    }

    mutating func privatePerson() -> PersonPlan {
        let country = Country.all[random.pick(weights: Country.all.map(\.weight))]
        var plan = person(in: country, domain: random.pick(["example.com", "example.org", "example.net"]), owner: owner())
        let city = random.pick(country.cities)
        plan.address = (
            "\(random.pick(country.streets)) \(random.number(1...120))", city.name, city.code + String(random.number(100...999)), country.name
        )
        return plan
    }

    private mutating func person(in country: Country, domain: String, owner: Reference<User>?) -> PersonPlan {
        let first = random.pick(country.firstNames)
        let family = random.pick(country.familyNames)
        let mailbox = "\(first).\(family)".asMailbox
        var address = mailbox + "@" + domain
        var next = 2
        while !addresses.insert(address).inserted {
            address = "\(mailbox)\(next)@\(domain)"
            next += 1
        }
        return PersonPlan(name: "\(first) \(family)", email: address, phone: phone(in: country), owner: owner)
    }

    /// One person at most companies, none at some, so that some 350 customers come of 300 companies and the private ones.
    func contactCount(of number: Int) -> Int { number % 10 == 3 ? 0 : number % 9 == 0 ? 2 : 1 }

    /// Large companies are key accounts; the rest are mostly standard.
    mutating func group(
        of company: CompanyPlan, among groups: [Reference<CustomerGroup>]
    ) -> Reference<CustomerGroup>? {
        company.employees > 400 ? groups[1] : groups[random.pick(weights: [78, 4, 12, 6])]
    }

    /// The first sellers have most of the work, as in most teams.
    mutating func owner() -> Reference<User>? {
        guard !users.isEmpty else { return nil }
        return users[random.pick(weights: users.indices.map { 3 * users.count - 2 * $0 })]
    }

    /// A day of the last two years on which offices are open, more often in spring and autumn than in summer, and more often lately.
    mutating func workday(before today: Day) -> Day {
        let season = [70, 80, 100, 90, 85, 80, 60, 50, 90, 100, 95, 55]
        while true {
            let back = random.number(1...730)
            let day = today.adding(days: -back)
            if day.weekday <= 5, random.chance(season[day.parts.month - 1]), random.chance(100 - back / 14) { return day }
        }
    }

    mutating func officeHours(on day: Day) -> Moment {
        Moment(day).adding(seconds: Double(random.number(8 * 3600...18 * 3600)))
    }

    /// Many small numbers and a few very large ones: about log-normal, in whole numbers.
    private mutating func spread(from smallest: Int) -> Int {
        var number = smallest * 100
        for _ in 0..<random.number(0...8) + random.number(0...8) + random.number(0...8) { number = number * 130 / 100 }
        return number / 100
    }

    private mutating func phone(in country: Country) -> String {
        "\(country.dialling) \(random.number(1000...9999))"
    }

    private func money(_ units: Int64) -> Money {
        var minor = units
        for _ in 0..<currency.minorDigits { minor *= 10 }
        return Money(minor: minor, currency)
    }
}

extension String {
    /// The name as the left side of an e-mail address: plain letters, digits and points.
    var asMailbox: String {
        let plain: [Character: String] = [
            "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "è": "e", "á": "a", "í": "i", "ñ": "n", "ó": "o", "ú": "u", "ń": "n",
        ]
        var address = ""
        for letter in lowercased() where letter != " " { address += plain[letter] ?? String(letter) }
        return address
    }
}
