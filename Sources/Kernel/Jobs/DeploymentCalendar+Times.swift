import PluginAPI

extension DeploymentCalendar {
    /// What the clock on the wall shows, written as if it were UTC.
    func local(_ moment: Moment) -> Moment { Moment(milliseconds: moment.milliseconds + offset(at: moment)) }

    /// The first moment at which the clock on the wall shows a time of a day. A time that the clocks jump over becomes the
    /// moment of the jump; of a time that comes twice, the first is taken.
    func moment(_ day: Day, seconds: Int64) -> Moment {
        let wall = Moment(day).milliseconds + seconds * 1000
        let before = offset(at: Moment(milliseconds: wall - 86_400_000))
        let after = offset(at: Moment(milliseconds: wall + 86_400_000))
        let early = Moment(milliseconds: wall - max(before, after))
        if before == after { return early }
        let late = Moment(milliseconds: wall - min(before, after))
        for candidate in [early, late] where local(candidate).milliseconds == wall { return candidate }
        return jump(around: wall, from: before)
    }

    /// The first moment after the clocks went forward over a time.
    private func jump(around wall: Int64, from before: Int64) -> Moment {
        var low = (wall - 86_400_000) / 1000
        var high = (wall + 86_400_000) / 1000
        while high - low > 1 {
            let middle = (low + high) / 2
            if offset(at: Moment(milliseconds: middle * 1000)) == before { low = middle } else { high = middle }
        }
        return Moment(milliseconds: high * 1000)
    }
}
