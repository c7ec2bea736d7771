import PluginAPI

/// When schedules are due. Pure: the same answer for the same moment and zone.
enum ScheduleTimes {
    /// The next moment of a schedule strictly after a moment; nil when it has none of its own.
    static func next(_ schedule: Schedule, after moment: Moment, in zone: DeploymentCalendar) -> Moment? {
        switch schedule {
        case .daily(let time):
            guard let seconds = secondsIntoDay(time) else { return nil }
            return nextDaily(seconds, after: moment, in: zone)
        case .hourly(let minute):
            guard (0...59).contains(minute) else { return nil }
            return nextHourly(Int64(minute), after: moment, in: zone)
        case .every(let seconds):
            guard seconds >= 1 else { return nil }
            return Moment(milliseconds: moment.milliseconds + Int64(seconds) * 1000)
        case .onDemand: return nil
        @unknown default: return nil
        }
    }

    /// `HH:MM` as seconds since midnight; nil when it is no time of day.
    static func secondsIntoDay(_ time: String) -> Int64? {
        let digits = Array(time.utf8)
        guard digits.count == 5, digits[2] == UInt8(ascii: ":") else { return nil }
        var numbers: [Int64] = []
        for place in [0, 3] {
            guard (48...57).contains(digits[place]), (48...57).contains(digits[place + 1]) else { return nil }
            numbers.append(Int64(digits[place] - 48) * 10 + Int64(digits[place + 1] - 48))
        }
        guard numbers[0] < 24, numbers[1] < 60 else { return nil }
        return numbers[0] * 3600 + numbers[1] * 60
    }

    /// A daily run happens once on every day of the calendar, also on those of 23 and 25 hours.
    private static func nextDaily(_ seconds: Int64, after moment: Moment, in zone: DeploymentCalendar) -> Moment {
        let today = zone.day(of: moment)
        for days in 0...1 {
            let candidate = zone.moment(today.adding(days: days), seconds: seconds)
            if candidate > moment { return candidate }
        }
        return zone.moment(today.adding(days: 2), seconds: seconds)
    }

    /// An hourly run happens every hour that passes, also in the hour that comes twice.
    private static func nextHourly(_ minute: Int64, after moment: Moment, in zone: DeploymentCalendar) -> Moment {
        var candidate = moment
        // Twice at most: a change of the clocks by half an hour moves the minute.
        for _ in 0..<3 {
            let local = zone.local(candidate).milliseconds
            let intoHour = ((local % 3_600_000) + 3_600_000) % 3_600_000
            var wait = minute * 60_000 - intoHour
            if wait <= 0, candidate == moment { wait += 3_600_000 }
            if wait == 0 { return candidate }
            candidate = Moment(milliseconds: candidate.milliseconds + wait)
            let reached = zone.local(candidate).milliseconds
            if ((reached % 3_600_000) + 3_600_000) % 3_600_000 == minute * 60_000 { return candidate }
        }
        return candidate
    }

    /// How people read it.
    static func words(_ schedule: Schedule) -> String {
        switch schedule {
        case .daily(let time): "daily at \(time)"
        case .hourly(let minute): "hourly at minute \(minute)"
        case .every(let seconds): seconds == 1 ? "every second" : "every \(seconds) seconds"
        case .onDemand: "when asked"
        @unknown default: ""
        }
    }
}
