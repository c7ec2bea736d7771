import PluginAPI

/// The rows that an import could not take, read from the file in which they are kept: all of them, a page at a time.
struct ProblemRows: Sendable {
    struct Row: Sendable {
        /// The line of the imported file.
        var line: Int
        var problem: String
        var cells: [String]
    }

    private(set) var header: [String] = []
    private(set) var rows: [Row] = []
    /// More rows follow the last one.
    private(set) var hasMore: Bool = false

    /// The first rows behind a line, in the order in which they were found bad. A row that waited for others to come stands at the end.
    init(file: String, skipping skipped: Int, limit: Int) throws(CSVError) {
        var options = CSVOptions()
        options.encoding = .utf8
        options.restoresNeutralisedCells = true
        var reader = try CSVReader(.file(file), options: options)
        header = try reader.readHeader()
        header.removeLast(min(2, header.count))
        let width: Int = header.count
        var row = CSVRow()
        var passed: Int = 0
        while try reader.next(&row) {
            passed += 1
            if passed <= skipped { continue }
            guard rows.count < limit else {
                hasMore = true
                return
            }
            rows.append(Row(line: Int(row[width]) ?? 0, problem: row[width + 1], cells: (0..<width).map { row[$0] }))
        }
    }
}
