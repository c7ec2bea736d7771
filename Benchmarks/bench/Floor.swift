import Foundation

/// The least that an engine takes for the work, without the product: prepared statements, each change one durable transaction.
protocol Floor {
    /// Stores many in one transaction, as an import does.
    func fill(_ samples: [Sample]) throws
    /// Stores one: its row with two indexes, its search entry, its line in the trail.
    func insert(_ sample: Sample) throws
    /// Puts one into another status: its row, its line in the trail.
    func update(_ id: Int, status: Int) throws
    /// The newest fifty that have a text; how many there are of these.
    func search(_ text: String) throws -> Int
}

struct FloorFailure: Error { let text: String }

enum FloorRun {
    /// Does one thing with a floor, and prints the microseconds that each took.
    static func run(engine: String, address: String, _ task: String, _ arguments: [String]) throws {
        let floor: any Floor = engine == "postgresql" ? try PostgreSQLFloor(address) : try SQLiteFloor(address)
        let numbers: [Int] = arguments.compactMap(Int.init)
        switch (task, numbers.count) {
        case ("fill", 2):
            let samples: [Sample] = (numbers[0]..<numbers[0] + numbers[1]).map(Sample.init)
            try print(time { try floor.fill(samples) })
        case ("inserts", 2):
            for number in numbers[0]..<numbers[0] + numbers[1] {
                let sample = Sample(number)
                try print(time { try floor.insert(sample) })
            }
        case ("updates", 2...):
            // The status, then the records.
            for id in numbers.dropFirst() { try print(time { try floor.update(id, status: numbers[0]) }) }
        case ("searches", _):
            for text in arguments { try print(time { _ = try floor.search(text) }) }
        default: throw FloorFailure(text: "usage: see Benchmarks/bench/main.swift")
        }
    }

    private static func time(_ work: () throws -> Void) rethrows -> Int {
        let start: Int = nanoseconds()
        try work()
        return (nanoseconds() - start) / 1000
    }
}

func milliseconds() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
