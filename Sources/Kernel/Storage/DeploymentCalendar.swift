import FoundationEssentials
import PluginAPI

/// Days and moments in the deployment's time zone.
struct DeploymentCalendar: Sendable {
    let timeZone: TimeZone
    /// The zone's IANA name.
    var identifier: String { timeZone.identifier }

    /// A zone by its IANA name, such as `Europe/Berlin`; nil when there is none.
    init?(identifier: String) {
        guard let zone = TimeZone(identifier: identifier) else { return nil }
        timeZone = zone
    }

    static let utc = DeploymentCalendar(timeZone: .gmt)
    private init(timeZone: TimeZone) { self.timeZone = timeZone }

    /// Milliseconds by which clocks here are ahead of UTC.
    func offset(at moment: Moment) -> Int64 {
        let date = Date(timeIntervalSince1970: Double(moment.milliseconds) / 1000)
        return Int64(timeZone.secondsFromGMT(for: date)) * 1000
    }

    /// The day on which a moment falls here.
    func day(of moment: Moment) -> Day { Moment(milliseconds: moment.milliseconds + offset(at: moment)).day }

    /// The first moment of a day here.
    func start(of day: Day) -> Moment { moment(day, seconds: 0) }

    /// Hour and minute of a moment here.
    func time(of moment: Moment) -> (hour: Int, minute: Int) {
        let local = moment.milliseconds + offset(at: moment)
        let inDay = Int((local % 86_400_000 + 86_400_000) % 86_400_000) / 60_000
        return (inDay / 60, inDay % 60)
    }
}
