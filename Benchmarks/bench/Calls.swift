import Kernel

/// The way to plugins' code: a line a figure, `nanoseconds<tab>bar or -<tab>what`.
enum Calls {
    static func run(database: String, library: String) async throws {
        for figure in try await CallMeasure.run(database: database, library: library) {
            let tenths = Int(figure.nanoseconds * 10)
            print("\(tenths / 10).\(tenths % 10)\t\(figure.bar.map { String(Int($0)) } ?? "-")\t\(figure.name)")
        }
    }
}
