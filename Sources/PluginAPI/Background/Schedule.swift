/// When a job runs, in the deployment's time zone.
public enum Schedule: Sendable, Hashable {
    /// Once a day at a time of day, `HH:MM`. A day missed while the product was down is made up for once.
    case daily(at: String)
    /// Once an hour at a minute, 0 to 59.
    case hourly(minute: Int)
    /// Every so many seconds, 1 or more, counted from the end of the last run.
    case every(seconds: Int)
    /// Only when queued.
    case onDemand
}
