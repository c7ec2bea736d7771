// The parts of the benchmark that must be as fast as what they are compared with; Benchmarks/run puts them together.
//
//   bench route <file>                     serves the file's bytes at / on a free port, and prints the port
//   bench creates <port> <token> <n> [<tag>]  makes n records over one connection, and prints the microseconds of each
//   bench calls <database> <library>       measures the way to plugins' code, and prints nanoseconds, bars and names
//   bench inserts <database> <n>           stores the same bytes in bare SQLite, and prints the microseconds of each

import Foundation

let arguments = CommandLine.arguments
switch (arguments.dropFirst().first, arguments.count) {
case ("route", 3): try await BareRoute.serve(file: arguments[2])
case ("creates", 5...6):
    let tag = arguments.count == 6 ? arguments[5] : "a"
    try Creates.run(port: Int(arguments[2]) ?? 0, token: arguments[3], count: Int(arguments[4]) ?? 0, tag: tag)
case ("calls", 4): try await Calls.run(database: arguments[2], library: arguments[3])
case ("inserts", 4): try BareSQLite.run(path: arguments[2], count: Int(arguments[3]) ?? 0)
default:
    FileHandle.standardError.write(Data("usage: see Benchmarks/bench/main.swift\n".utf8))
    exit(64)
}
