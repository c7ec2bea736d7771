import PluginAPI

/// Two years of companies and customers, the same in every run that begins on the same day.
enum CustomersDemo {
    @Sendable static func fill(_ transaction: Transaction) throws {
        var maker = CustomerMaker(users: try Seller.all(transaction), currency: transaction.currency)
        let groups = try insertGroups(transaction)
        let days = (0..<300).map { _ in maker.workday(before: transaction.today) }.sorted()
        var companies: [Record<Company>] = []
        for (number, day) in days.enumerated() {
            let plan = maker.company(number: number)
            let moment = maker.officeHours(on: day)
            let past = try transaction.backdated(to: moment, as: plan.owner)
            let parent = number % 21 == 20 ? companies[number / 2].id : nil
            let company = try past.insert(Company.self) {
                plan.write(to: &$0)
                $0[Company.parent] = parent.map { Reference($0) }
            }
            companies.append(company)
            for _ in 0..<maker.contactCount(of: number) {
                let person = maker.contact(of: plan)
                try past.insert(Customer.self) {
                    person.write(to: &$0)
                    $0[Customer.company] = Reference(company.id)
                    $0[Customer.group] = maker.group(of: plan, among: groups)
                }
            }
            if number % 6 == 5 {
                let person = maker.privatePerson()
                try past.insert(Customer.self) { person.write(to: &$0) }
            }
        }
        try age(companies, maker: &maker, transaction)
    }

    private static func insertGroups(_ transaction: Transaction) throws -> [Reference<CustomerGroup>] {
        let groups: [(name: String, code: String, discount: Int64?, priority: Int)] = [
            ("Standard", "STD", nil, 0), ("Key accounts", "KEY", 1000, 30), ("Resellers", "RES", 1250, 20),
            ("Public sector", "PUB", 500, 10),
        ]
        let past = try transaction.backdated(to: Moment(transaction.today.adding(days: -740)))
        return try groups.map { group in
            let record = try past.insert(CustomerGroup.self) {
                $0[CustomerGroup.name] = group.name
                $0[CustomerGroup.code] = group.code
                $0[CustomerGroup.discountPercent] = group.discount.map { FixedDecimal(units: $0, scale: 2) }
                $0[CustomerGroup.priority] = group.priority
            }
            return Reference(record.id)
        }
    }

    /// What happens to companies over the years: a new address, a new owner, the end.
    private static func age(_ companies: [Record<Company>], maker: inout CustomerMaker, _ transaction: Transaction) throws {
        for company in companies where maker.random.chance(22) {
            let made = company[Company.createdAt].day
            let span = Int(transaction.today.number - made.number)
            guard span > 60 else { continue }
            let day = made.adding(days: maker.random.number(30...span - 1))
            let past = try transaction.backdated(to: maker.officeHours(on: day), as: company[Company.owner])
            var changed = company
            switch maker.random.number(0...2) {
            case 0: changed[Company.active] = false
            case 1: changed[Company.owner] = maker.owner()
            default: changed[Company.employees] = company[Company.employees].map { $0 + $0 / 8 + 2 }
            }
            try past.save(changed)
        }
    }
}
