import PluginAPI

/// A lead of the demo data and what happens to it.
struct LeadPlan {
    var created: Moment
    var title: String
    var contact: String
    var email: String?
    var phone: String?
    var company: String?
    var value: Money?
    var source: Reference<LeadSource>?
    var owner: Reference<User>?
    var industry: String?
    var function: String?
    var companySize: Int?
    var area: String?
    var nextFollowUp: Day?
    var steps: [Step] = []

    struct Step {
        var moment: Moment
        var write: (inout Record<Lead>) -> Void
    }

    func write(to lead: inout Record<Lead>) {
        lead[Lead.title] = title
        lead[Lead.contactName] = contact
        lead[Lead.email] = email
        lead[Lead.phone] = phone
        lead[Lead.companyName] = company
        lead[Lead.value] = value
        lead[Lead.source] = source
        lead[Lead.owner] = owner
        lead[Lead.industry] = industry
        lead[Lead.function] = function
        lead[Lead.companySize] = companySize
        lead[Lead.area] = area
        lead[Lead.nextFollowUp] = nextFollowUp
    }
}

/// Makes up leads.
struct LeadMaker {
    var random = SeededRandom(seed: 20_241)
    /// For what is known of the company: apart, so that the course of a lead does not depend on it.
    private var details = SeededRandom(seed: 20_242)
    let today: Day
    let now: Moment
    let currency: Currency
    var users: [Reference<User>] = []
    var sources: [Reference<LeadSource>] = []
    var reasons: [Reference<LostReason>] = []
    /// The statuses that are not final, in order.
    var path: [Reference<LeadStatus>] = []
    var end: Reference<LeadStatus>?
    private var addresses: Set<String> = []

    init(today: Day, now: Moment, currency: Currency) {
        self.today = today
        self.now = now
        self.currency = currency
    }

    /// The lead that a customer was: made some weeks before the customer, and converted when the customer was made.
    mutating func former(_ customer: Record<Customer>, company: String?) -> LeadPlan {
        let end = customer[Customer.createdAt]
        let days = random.number(4...45)
        var plan = LeadPlan(
            created: end.adding(days: -days), title: title(for: company ?? customer[Customer.name]),
            contact: customer[Customer.name], email: customer[Customer.email], phone: customer[Customer.phone], company: company,
            value: value(), source: source(), owner: customer[Customer.owner])
        describe(&plan)
        advance(&plan, to: path.count - 1, until: end)
        let final = self.end
        let reference = Reference<Customer>(customer.id)
        plan.steps.append(
            .init(moment: end) { lead in
                lead[Lead.outcome] = .converted
                lead[Lead.convertedAt] = end
                lead[Lead.convertedCustomer] = reference
                if let final { lead[Lead.status] = final }
            })
        return plan
    }

    /// A lead that did not become a customer: open when it is young, most likely lost when it is old.
    mutating func prospect() -> LeadPlan {
        let age = daysBack()
        let created = age == 0 ? now.adding(seconds: Double(-random.number(60...5400))) : officeHours(daysBack: age)
        let company = random.chance(85) ? DemoWords.company(&random) : nil
        let contact = DemoWords.person(&random)
        var plan = LeadPlan(
            created: created, title: title(for: company ?? contact), contact: contact,
            email: random.chance(92) ? address(of: contact, at: company) : nil,
            phone: random.chance(70) ? "+49 40 555 \(random.number(1000...9999))" : nil, company: company,
            value: random.chance(80) ? value() : nil, source: source(), owner: owner())
        let isOpen = random.chance(age < 30 ? 80 : age < 90 ? 45 : age < 180 ? 18 : 5)
        let life = isOpen ? age : min(age, random.number(2...60))
        let closed = min(created.adding(days: life), now)
        let reach = age == 0 ? 0 : random.pick(weights: isOpen ? [40, 38, 22] : [55, 30, 15])
        describe(&plan)
        if isOpen, details.chance(60) { plan.nextFollowUp = today.adding(days: details.number(-3...14)) }
        advance(&plan, to: min(reach, path.count - 1), until: closed)
        if !isOpen { close(&plan, at: closed) }
        return plan
    }

    private mutating func describe(_ plan: inout LeadPlan) {
        plan.function = details.chance(75) ? details.pick(DemoWords.functions) : nil
        plan.area = details.chance(80) ? details.pick(DemoWords.areas) : nil
        guard let company = plan.company else { return }
        let kind: Substring? = company.split(separator: " ").last
        plan.industry = kind.map(String.init).flatMap { DemoWords.kinds.contains($0) ? $0 : nil } ?? details.pick(DemoWords.kinds)
        plan.companySize = details.chance(70) ? details.pick([4, 12, 18, 35, 60, 90, 140, 250, 600, 1800]) : nil
    }

    private mutating func close(_ plan: inout LeadPlan, at moment: Moment) {
        let isJunk = random.chance(18)
        let reason = reasons.isEmpty ? nil : random.pick(reasons)
        plan.steps.append(
            .init(moment: moment) { lead in
                lead[Lead.outcome] = isJunk ? .junk : .lost
                lead[Lead.lostReason] = isJunk ? nil : reason
            })
    }

    /// Moves along the statuses at even distances before the end.
    private func advance(_ plan: inout LeadPlan, to reach: Int, until end: Moment) {
        guard reach > 0 else { return }
        let span = end.milliseconds - plan.created.milliseconds
        for place in 1...reach {
            let status = path[place]
            let moment = Moment(milliseconds: plan.created.milliseconds + span * Int64(place) / Int64(reach + 1))
            plan.steps.append(.init(moment: moment) { $0[Lead.status] = status })
        }
    }

    /// Up to two years back, on working days, with the slack of summers and Decembers, and more of late. A few are of today.
    private mutating func daysBack() -> Int {
        if random.number(1...300) == 1 { return 0 }
        let season = [75, 85, 100, 90, 85, 80, 55, 50, 95, 100, 90, 50]
        while true {
            let back = random.number(1...730)
            let day = today.adding(days: -back)
            if day.weekday <= 5, random.chance(season[day.parts.month - 1]), random.chance(100 - back / 13) { return back }
        }
    }

    private mutating func officeHours(daysBack: Int) -> Moment {
        Moment(today.adding(days: -daysBack)).adding(seconds: Double(random.number(7 * 3600...19 * 3600)))
    }

    private mutating func owner() -> Reference<User>? {
        guard !users.isEmpty, !random.chance(4) else { return nil }
        return users[random.pick(weights: users.indices.map { 3 * users.count - 2 * $0 })]
    }

    private mutating func source() -> Reference<LeadSource>? {
        guard !sources.isEmpty, !random.chance(5) else { return nil }
        return sources[random.pick(weights: sources.indices.map { 3 + 5 * ($0 % 3) })]
    }

    private mutating func title(for name: String) -> String { "\(random.pick(DemoWords.topics)): \(name)" }

    /// Many small amounts and a few very large ones: about log-normal, in whole numbers, rounded to fifties.
    private mutating func value() -> Money {
        var units = 600
        for _ in 0..<random.number(0...9) + random.number(0...9) + random.number(0...9) { units = units * 122 / 100 }
        units = units * random.number(82...121) / 100
        var minor = Int64(units / 50 * 50)
        for _ in 0..<currency.minorDigits { minor *= 10 }
        return Money(minor: minor, currency)
    }

    private mutating func address(of contact: String, at company: String?) -> String {
        let mailbox = contact.lowercased().split(separator: " ").joined(separator: ".")
        let host = company.flatMap { $0.split(separator: " ").first }.map { $0.lowercased() + ".example" } ?? "example.net"
        var address = "\(mailbox)@\(host)"
        var next = 2
        while !addresses.insert(address).inserted {
            address = "\(mailbox)\(next)@\(host)"
            next += 1
        }
        return address
    }
}
