import PluginAPI
import Testing

@testable import Kernel

@Suite struct SharedClockTests {
    private func moment(_ milliseconds: Int64) -> Moment { Moment(milliseconds: milliseconds) }

    @Test func `a machine whose clock is five minutes fast goes by the database's`() {
        let machine = FixedClock(moment(1_000_300_000))
        let clock = SharedClock(machine)
        #expect(clock.now == machine.now)
        clock.set(database: 1_000_000_005, between: moment(1_000_300_000), and: moment(1_000_300_010))
        #expect(clock.now == moment(1_000_000_000))
        machine.advance(seconds: 7)
        #expect(clock.now == moment(1_000_007_000))
    }

    @Test func `what the way to the server explains changes nothing`() {
        let clock = SharedClock(FixedClock(moment(1_000_000)))
        clock.set(database: 1_000_060, between: moment(1_000_000), and: moment(1_000_040))
        #expect(clock.now == moment(1_000_000))
        // A machine that was asleep meanwhile has not measured anything.
        clock.set(database: 5_000_000, between: moment(1_000_000), and: moment(1_009_000))
        #expect(clock.now == moment(1_000_000))
    }
}
