import PluginAPI

/// A job's time exists.
enum SchedulesCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        composition.parts.flatMap { part -> [PluginProblem] in
            part.contributions.jobs.compactMap { job in
                message(job.schedule).map { PluginProblem(part.id, "job \(job.name) \($0)") }
            }
        }
    }

    private static func message(_ schedule: Schedule) -> String? {
        switch schedule {
        case .daily(let time): isTime(time) ? nil : "runs daily at \(time), which is not a time of day written as HH:MM"
        case .hourly(let minute): (0...59).contains(minute) ? nil : "runs at minute \(minute) of the hour, which is not 0 to 59"
        case .every(let seconds): seconds >= 1 ? nil : "runs every \(seconds) seconds, which is less than 1"
        case .onDemand: nil
        @unknown default: nil
        }
    }

    private static func isTime(_ text: String) -> Bool {
        let bytes: [UInt8] = Array(text.utf8)
        guard bytes.count == 5, bytes[2] == UInt8(ascii: ":") else { return false }
        guard [0, 1, 3, 4].allSatisfy({ bytes[$0] >= 48 && bytes[$0] <= 57 }) else { return false }
        return (bytes[0] - 48) * 10 + bytes[1] - 48 < 24 && bytes[3] < 54
    }
}
