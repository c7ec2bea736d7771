import PluginAPI
import Testing

@testable import Kernel

@Suite struct ScheduleTimesTests {
    private func next(_ schedule: Schedule, _ after: String, _ zone: String) throws -> String? {
        let calendar = try #require(DeploymentCalendar(identifier: zone))
        let moment = try #require(Moment(after))
        return ScheduleTimes.next(schedule, after: moment, in: calendar)?.description
    }

    @Test(arguments: [
        ("2026-11-22T01:59:59Z", "UTC", "2026-11-22T03:00:00.000Z"),
        ("2026-11-22T03:00:00Z", "UTC", "2026-11-23T03:00:00.000Z"),
        ("2026-11-22T03:00:00Z", "Europe/Berlin", "2026-11-23T02:00:00.000Z"),
        ("2026-07-01T00:30:00Z", "Europe/Berlin", "2026-07-01T01:00:00.000Z"),
        ("2026-11-22T05:00:00Z", "America/Los_Angeles", "2026-11-22T11:00:00.000Z"),
        ("2026-11-22T05:00:00Z", "Asia/Kathmandu", "2026-11-22T21:15:00.000Z"),
    ])
    func `a daily time is that of the deployment's wall`(after: String, zone: String, expected: String) throws {
        #expect(try next(.daily(at: "03:00"), after, zone) == expected)
    }

    @Test func `a time that the clocks jump over runs at the moment of the jump, once`() throws {
        // 2026-03-29 in Berlin: 02:00 becomes 03:00, at 01:00 UTC.
        let first = try next(.daily(at: "02:30"), "2026-03-28T12:00:00Z", "Europe/Berlin")
        #expect(first == "2026-03-29T01:00:00.000Z")
        #expect(try next(.daily(at: "02:30"), "2026-03-29T01:00:00Z", "Europe/Berlin") == "2026-03-30T00:30:00.000Z")
    }

    @Test func `a time that comes twice runs the first time only`() throws {
        // 2026-10-25 in Berlin: 03:00 becomes 02:00, at 01:00 UTC.
        #expect(try next(.daily(at: "02:30"), "2026-10-24T12:00:00Z", "Europe/Berlin") == "2026-10-25T00:30:00.000Z")
        #expect(try next(.daily(at: "02:30"), "2026-10-25T00:30:00Z", "Europe/Berlin") == "2026-10-26T01:30:00.000Z")
    }

    @Test func `every day of a year has one run, also where midnight does not exist`() throws {
        // Santiago goes forward at midnight.
        for (zone, time) in [("America/Santiago", "00:00"), ("Europe/Berlin", "02:30"), ("Australia/Lord_Howe", "02:15")] {
            let calendar = try #require(DeploymentCalendar(identifier: zone))
            var moment = try #require(Moment("2026-01-01T12:00:00Z"))
            var day = calendar.day(of: moment)
            for _ in 1...365 {
                moment = try #require(ScheduleTimes.next(.daily(at: time), after: moment, in: calendar))
                #expect(calendar.day(of: moment) == day.adding(days: 1), "\(zone) \(moment)")
                day = calendar.day(of: moment)
            }
        }
    }

    @Test func `an hourly run comes every hour that passes, whatever the clocks do`() throws {
        for zone in ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"] {
            let calendar = try #require(DeploymentCalendar(identifier: zone))
            for start in ["2026-03-28T20:00:00Z", "2026-10-24T20:00:00Z"] {
                let first = try #require(Moment(start))
                var moment = try #require(ScheduleTimes.next(.hourly(minute: 20), after: first, in: calendar))
                for _ in 1...12 {
                    let next = try #require(ScheduleTimes.next(.hourly(minute: 20), after: moment, in: calendar))
                    #expect(next.milliseconds - moment.milliseconds == 3_600_000, "\(zone) \(moment)")
                    #expect(calendar.time(of: next).minute == 20)
                    moment = next
                }
            }
        }
    }

    @Test func `an interval counts from the moment given`() throws {
        #expect(try next(.every(seconds: 90), "2026-01-01T00:00:00Z", "UTC") == "2026-01-01T00:01:30.000Z")
    }

    @Test func `what is no time has no next run`() throws {
        for time in ["24:00", "3:00", "03:60", "noon", "", "-1:00", "03-00"] {
            #expect(try next(.daily(at: time), "2026-01-01T00:00:00Z", "UTC") == nil, "\(time)")
        }
        #expect(try next(.hourly(minute: 60), "2026-01-01T00:00:00Z", "UTC") == nil)
        #expect(try next(.every(seconds: 0), "2026-01-01T00:00:00Z", "UTC") == nil)
        #expect(try next(.onDemand, "2026-01-01T00:00:00Z", "UTC") == nil)
    }

    @Test func `attempts are made after 10 seconds, then four times later each, six hours at most`() {
        let now = Moment(milliseconds: 0)
        let waits = (1...8).map { Backoff.deliveries.next(after: $0, now: now).map { $0.milliseconds / 1000 } }
        #expect(waits == [10, 40, 160, 640, 2560, 10240, 21600, nil])
        #expect((1...4).map { Backoff.jobs.next(after: $0, now: now)?.milliseconds } == [10_000, 40_000, 160_000, nil])
    }
}
