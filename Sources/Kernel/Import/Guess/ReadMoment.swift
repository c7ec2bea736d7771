import PluginAPI

/// A day, and the time of day and offset that the text gave, if any.
struct ReadMoment: Hashable, Sendable {
    var day: Day
    var time: ClockTime?
    /// Minutes east of UTC; nil where the text does not say.
    var offsetMinutes: Int?

    /// The moment; a text without an offset is taken at `assumingOffset`, in minutes.
    func moment(assumingOffset: Int = 0) -> Moment {
        let offset: Int64 = Int64(offsetMinutes ?? assumingOffset) * 60_000
        return Moment(milliseconds: Moment(day).milliseconds + Int64(time?.milliseconds ?? 0) - offset)
    }
}

/// A time of day, to the millisecond.
struct ClockTime: Hashable, Sendable {
    var milliseconds: Int

    var isMidnight: Bool { milliseconds == 0 }
}
