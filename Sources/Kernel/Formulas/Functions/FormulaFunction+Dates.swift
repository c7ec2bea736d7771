import PluginAPI

extension FormulaFunction {
    static let dates: [FormulaFunction] = [
        FormulaFunction("today() → date", "Today, in the deployment's time zone.", arity: 0...0, { call, uses in
            uses.today = true
            return call.changing(.date, .date { $0.today })
        }),
        FormulaFunction("now() → moment", "This moment: in conditions and filters only.", arity: 0...0, { call, uses in
            guard call.purpose == .condition else {
                throw FormulaProblem(
                    "now() is another value at every moment, and this one is stored", hint: "Use today(): fields that name it are brought up to date every night.",
                    at: call.place)
            }
            uses.now = true
            return call.changing(.moment, .moment { $0.now })
        }),
        FormulaFunction(
            "date(text or moment) → date, date(year, month, day) → date", "A date as it is written; the day of a moment; a date from its parts.",
            #"date("2026-01-31")"#, "2026-01-31", arity: 1...3, { call, _ in try date(call) }),
        FormulaFunction(
            "moment(text or date) → moment", "A moment as it is written (RFC 3339); the beginning of a day.",
            #"moment("2026-01-31T09:00:00Z")"#, "2026-01-31T09:00:00.000Z", arity: 1...1, { call, _ in try moment(call) }),
        FormulaFunction(
            "days_between(from, to) → whole number", "How many days after the first date the second one is.",
            #"days_between(date("2026-01-31"), date("2026-03-01"))"#, "29", arity: 2...2,
            { call, _ in
                call.node(.integer, .number(FormulaCode.both(try call.day(0), try call.day(1)) { Int64($1.number) - Int64($0.number) }))
            }),
        adding("add_days", "The day, or the same time of day, so many days later; earlier when negative.", #"add_days(date("2026-01-31"), 1)"#, "2026-02-01") {
            try FormulaDates.add(days: $1, to: $0)
        },
        adding("add_months", "The same day so many months later; the last of the month where there is no such day.", #"add_months(date("2026-01-31"), 1)"#, "2026-02-28") {
            try FormulaDates.add(months: $1, to: $0)
        },
        FormulaFunction(
            "add_hours(moment, count) → moment", "The moment so many hours later; earlier when negative.",
            #"add_hours(moment("2026-01-31T23:00:00Z"), 2)"#, "2026-02-01T01:00:00.000Z", arity: 2...2,
            { call, _ in
                guard call[0].kind == .moment, let moment = call[0].moment else { throw call.misfit(0, "a moment") }
                let code: FormulaStep<Moment> = FormulaCode.both(moment, try call.whole(1)) {
                    try FormulaDates.add(milliseconds: try FormulaDates.times($1, 3_600_000), to: $0)
                }
                return call.node(.moment, .moment(code))
            }),
        FormulaFunction(
            "hours_between(from, to) → whole number", "How many full hours after the first moment the second one is.",
            #"hours_between(moment("2026-01-31T23:00:00Z"), moment("2026-02-01T01:30:00Z"))"#, "2", arity: 2...2,
            { call, _ in
                guard call[0].kind == .moment, let from = call[0].moment else { throw call.misfit(0, "a moment") }
                guard call[1].kind == .moment, let to = call[1].moment else { throw call.misfit(1, "a moment") }
                return call.node(.integer, .number(FormulaCode.both(from, to) { ($1.milliseconds - $0.milliseconds) / 3_600_000 }))
            }),
        part("year", "The year.", #"year(date("2026-01-31"))"#, "2026") { Int64($0.parts.year) },
        part("month", "The month, from 1 to 12.", #"month(date("2026-01-31"))"#, "1") { Int64($0.parts.month) },
        part("day", "The day of the month.", #"day(date("2026-01-31"))"#, "31") { Int64($0.parts.day) },
        part("weekday", "The day of the week: 1 for Monday to 7 for Sunday.", #"weekday(date("2026-01-31"))"#, "6") { Int64($0.weekday) },
        FormulaFunction("hour(moment) → whole number", "The hour in the deployment's time zone, from 0 to 23.", arity: 1...1, { call, _ in
            guard call[0].kind == .moment, let moment = call[0].moment else { throw call.misfit(0, "a moment") }
            return call.node(.integer, .number { frame in try moment(&frame).map { Int64(frame.calendar.time(of: $0).hour) } })
        }),
        edge("start_of_month", "The first day of the month.", #"start_of_month(date("2026-02-14"))"#, "2026-02-01") { $0 },
        edge("end_of_month", "The last day of the month.", #"end_of_month(date("2026-02-14"))"#, "2026-02-28") {
            try FormulaDates.add(days: -1, to: try FormulaDates.add(months: 1, to: $0))
        },
    ]

    private static func date(_ call: FormulaCall) throws -> FormulaNode {
        if call.count == 1 {
            if call[0].kind == .moment || call[0].kind == .date { return call.node(.date, .date(try call.day(0))) }
            if case .text(let text)? = call[0].literal, Day(text) == nil {
                throw FormulaProblem("\"\(text.prefix(40))\" is not a date", hint: "Write it as date(\"2026-01-31\").", at: call[0].place)
            }
            let code: FormulaStep<Day> = FormulaCode.one(try call.text(0)) { text in
                guard let day = Day(text.trimmed) else { throw FormulaFault("\"\(text.prefix(40))\" is not a date") }
                return day
            }
            return call.node(.date, .date(code))
        }
        guard call.count == 3 else { throw FormulaProblem("date takes 1 or 3 arguments, not 2", hint: "It is date(year, month, day).", at: call.place) }
        let (year, month, day) = (try call.whole(0), try call.whole(1), try call.whole(2))
        return call.node(
            .date,
            .date { frame in
                guard let year = try year(&frame), let month = try month(&frame), let day = try day(&frame) else { return nil }
                guard let date = Day(year: Int(clamping: year), month: Int(clamping: month), day: Int(clamping: day)) else {
                    throw FormulaFault("there is no day \(day) in month \(month) of the year \(year)")
                }
                return date
            })
    }

    private static func moment(_ call: FormulaCall) throws -> FormulaNode {
        if call[0].kind == .date, let day = call[0].date {
            return call.node(.moment, .moment { frame in try day(&frame).map { frame.calendar.start(of: $0) } })
        }
        if case .text(let text)? = call[0].literal, Moment(text) == nil {
            throw FormulaProblem(
                "\"\(text.prefix(40))\" is not a moment", hint: "Write it as moment(\"2026-01-31T09:00:00Z\").", at: call[0].place)
        }
        let code: FormulaStep<Moment> = FormulaCode.one(try call.text(0)) { text in
            guard let moment = Moment(text.trimmed) else { throw FormulaFault("\"\(text.prefix(40))\" is not a moment") }
            return moment
        }
        return call.node(.moment, .moment(code))
    }

    private static func adding(
        _ name: String, _ summary: String, _ example: String, _ result: String, _ add: @escaping @Sendable (Day, Int64) throws -> Day
    ) -> FormulaFunction {
        FormulaFunction("\(name)(date or moment, count) → the same", summary, example, result, arity: 2...2) { call, _ in
            let count = try call.whole(1)
            if call[0].kind == .moment, let moment = call[0].moment {
                return call.node(
                    .moment,
                    .moment { frame in
                        guard let moment = try moment(&frame), let count = try count(&frame) else { return nil }
                        return try FormulaDates.moved(moment, frame.calendar) { try add($0, count) }
                    })
            }
            return call.node(.date, .date(FormulaCode.both(try call.day(0), count, add)))
        }
    }

    private static func part(
        _ name: String, _ summary: String, _ example: String, _ result: String, _ part: @escaping @Sendable (Day) -> Int64
    ) -> FormulaFunction {
        FormulaFunction("\(name)(date or moment) → whole number", summary, example, result, arity: 1...1) { call, _ in
            call.node(.integer, .number(FormulaCode.one(try call.day(0)) { part($0) }))
        }
    }

    private static func edge(
        _ name: String, _ summary: String, _ example: String, _ result: String, _ edge: @escaping @Sendable (Day) throws -> Day
    ) -> FormulaFunction {
        FormulaFunction("\(name)(date or moment) → date", summary, example, result, arity: 1...1) { call, _ in
            let code: FormulaStep<Day> = FormulaCode.one(try call.day(0)) { day in
                let (year, month, _) = day.parts
                guard let first = Day(year: year, month: month, day: 1) else { throw FormulaFault.outsideCalendar }
                return try edge(first)
            }
            return call.node(.date, .date(code))
        }
    }
}
