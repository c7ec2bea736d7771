// The parts of the benchmark that must be as fast as what they are compared with; Benchmarks/run puts them together.
//
//   bench route <file>                          serves the file's bytes at / on a free port, and prints the port
//   bench load <port> <token> <n> <file> [<s>]  sends the file's requests over n connections, checks the answers, and prints the
//                                               microseconds of the whole and of each; for s seconds, or once through the file
//   bench samples <from> <n> [<status>,…]       records as JSON, a line each; with statuses as a file to import
//   bench floor sqlite <file> <task>            does the same with an engine alone, and prints the microseconds:
//   bench floor postgresql <url> <task>         fill <from> <n>, inserts <from> <n>, updates <status> <id>…, searches <text>…
//   bench calls <database> <library>            measures the way to plugins' code, and prints nanoseconds, bars and names

import Foundation

let arguments = CommandLine.arguments
do {
    switch (arguments.dropFirst().first, arguments.count) {
    case ("route", 3): try await BareRoute.serve(file: arguments[2])
    case ("load", 6...7):
        try Load.run(
            port: Int(arguments[2]) ?? 0, token: arguments[3], connections: Int(arguments[4]) ?? 1, file: arguments[5],
            seconds: arguments.count == 7 ? Double(arguments[6]) : nil)
    case ("samples", 4...5):
        let from = Int(arguments[2]) ?? 0
        let samples = (from..<from + (Int(arguments[3]) ?? 0)).map(Sample.init)
        if arguments.count == 5 {
            let statuses = arguments[4].split(separator: ",").map(String.init)
            print(([Sample.heading] + samples.map { $0.line(status: statuses[$0.number % statuses.count]) }).joined(separator: "\n"))
        } else {
            print(samples.map(\.json).joined(separator: "\n"))
        }
    case ("floor", 5...):
        try FloorRun.run(engine: arguments[2], address: arguments[3], arguments[4], Array(arguments.dropFirst(5)))
    case ("calls", 4): try await Calls.run(database: arguments[2], library: arguments[3])
    default:
        FileHandle.standardError.write(Data("usage: see Benchmarks/bench/main.swift\n".utf8))
        exit(64)
    }
} catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(1)
}
