/// One row: its bytes once, and where each cell lies in them. Made to be reused from row to row.
struct CSVRow {
    struct Cell {
        var start: Int32
        var end: Int32
    }

    /// Physical line on which the row starts, counted from 1.
    var line: Int = 0
    var bytes: [UInt8] = []
    var cells: [Cell] = []
    var restoresNeutralisedCells: Bool = false

    var count: Int { cells.count }

    /// The text of a cell. A row that is too short has no such cell, and then the text is empty.
    subscript(column: Int) -> String {
        guard cells.indices.contains(column) else { return "" }
        return withBytes(of: column) { String(decoding: $0, as: UTF8.self) }
    }

    var texts: [String] { cells.indices.map { self[$0] } }

    func isEmpty(_ column: Int) -> Bool {
        guard cells.indices.contains(column) else { return true }
        return cells[column].start == cells[column].end
    }

    /// The bytes of a cell, without making a String of them.
    func withBytes<R>(of column: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R {
        let cell: Cell = cells[column]
        return try bytes.withUnsafeBufferPointer { all in
            let slice = UnsafeBufferPointer(rebasing: all[Int(cell.start)..<Int(cell.end)])
            guard restoresNeutralisedCells else { return try body(slice) }
            let places: [Int] = FormulaGuard.placesGuarded(slice)
            if places.isEmpty { return try body(slice) }
            if places == [0] { return try body(UnsafeBufferPointer(rebasing: slice.dropFirst())) }
            var restored: [UInt8] = []
            restored.reserveCapacity(slice.count)
            var next: Int = 0
            for (index, byte) in slice.enumerated() {
                if next < places.count, places[next] == index { next += 1 } else { restored.append(byte) }
            }
            return try restored.withUnsafeBufferPointer { try body($0) }
        }
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        cells.removeAll(keepingCapacity: true)
    }

    /// Turns the doubled quotes of a quoted cell into single ones, in place.
    mutating func unescape(cell index: Int) {
        let cell: Cell = cells[index]
        var from: Int = Int(cell.start)
        var to: Int = from
        let end: Int = Int(cell.end)
        bytes.withUnsafeMutableBufferPointer { bytes in
            while from < end {
                bytes[to] = bytes[from]
                from += bytes[from] == UInt8(ascii: "\"") ? 2 : 1
                to += 1
            }
        }
        cells[index].end = Int32(to)
    }
}
