/// The rows that an import could not take, as a file to mend and import again: the columns of the original, then the
/// row's line and what is wrong with it.
struct ProblemFile {
    private var writer: CSVWriter
    private let width: Int

    static let lineHeader: String = "Import line"
    static let problemHeader: String = "Import problem"

    /// What this product itself has added to a file.
    static func isOwn(_ header: String) -> Bool { header == lineHeader || header == problemHeader }

    init(header: [String], delimiter: UInt8) {
        writer = CSVWriter(delimiter: delimiter)
        width = header.count
        writer.write(row: header + [Self.lineHeader, Self.problemHeader])
    }

    mutating func add(line: Int, cells: [String], problem: String) {
        var cells: [String] = cells
        // A short row is filled up, so that the last two columns stay in their place; of a long one nothing is lost.
        while cells.count < width { cells.append("") }
        if cells.count > width {
            let rest: String = cells[width...].joined(separator: " | ")
            cells = Array(cells.prefix(width))
            writer.write(row: cells + [String(line), "\(problem); more cells: \(rest)"])
            return
        }
        writer.write(row: cells + [String(line), problem])
    }

    mutating func take() -> [UInt8] { writer.take() }
}
