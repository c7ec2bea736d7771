import CPostgreSQL
import PluginAPI

/// A row of a result.
struct PostgreSQLRow: Row {
    /// A value as the server writes it.
    struct Cell: RowCell {
        fileprivate let result: OpaquePointer?
        fileprivate let row, column: Int32

        var isNull: Bool { PQgetisnull(result, row, column) == 1 }

        fileprivate var bytes: UnsafeBufferPointer<UInt8> {
            guard let start = PQgetvalue(result, row, column) else { return UnsafeBufferPointer(start: nil, count: 0) }
            return UnsafeBufferPointer(
                start: UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self), count: Int(PQgetlength(result, row, column)))
        }

        /// Whole numbers as the server writes them; `t` and `f` for conditions. A fraction is cut off.
        var integer: Int64 {
            let digits = bytes
            guard let first = digits.first else { return 0 }
            if first == UInt8(ascii: "t") { return 1 }
            let isNegative = first == UInt8(ascii: "-")
            var number: Int64 = 0
            for byte in digits.dropFirst(isNegative ? 1 : 0) {
                guard byte >= 48, byte <= 57 else { break }
                // Downwards, where there is room for the least number.
                let (tens, over) = number.multipliedReportingOverflow(by: 10)
                let (next, under) = tens.subtractingReportingOverflow(Int64(byte - 48))
                if over || under { return isNegative ? .min : .max }
                number = next
            }
            return isNegative ? number : (number == .min ? .max : -number)
        }

        func withText<T>(_ body: (UnsafeBufferPointer<UInt8>) throws -> T) rethrows -> T { try body(bytes) }
    }

    private let result: OpaquePointer?
    private let index: Int32

    init(_ result: OpaquePointer?, _ index: Int32) {
        self.result = result
        self.index = index
    }

    func cell(_ column: Int) -> Cell { Cell(result: result, row: index, column: Int32(truncatingIfNeeded: column)) }

    func value(_ column: Int) -> SQLValue {
        let cell = cell(column)
        if cell.isNull { return .null }
        switch PQftype(result, cell.column) {
        case PostgreSQLType.int8, PostgreSQLType.int4, PostgreSQLType.int2, PostgreSQLType.bool, PostgreSQLType.numeric:
            return .integer(cell.integer)
        case PostgreSQLType.bytea: return .blob(blob(column))
        default: return .text(text(column))
        }
    }

    /// Bytes come as `\x` and hexadecimal digits.
    func blob(_ column: Int) -> [UInt8] {
        func digit(_ byte: UInt8) -> UInt8 { byte < 58 ? byte - 48 : (byte | 0x20) - 87 }
        let hex = cell(column).bytes.dropFirst(2)
        var blob: [UInt8] = []
        blob.reserveCapacity(hex.count / 2)
        var index = hex.startIndex
        while index + 1 < hex.endIndex {
            blob.append(digit(hex[index]) << 4 | digit(hex[index + 1]))
            index += 2
        }
        return blob
    }
}

/// The numbers by which the protocol names types (`pg_type.dat`); they never change.
enum PostgreSQLType {
    static let bool: UInt32 = 16
    static let bytea: UInt32 = 17
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let numeric: UInt32 = 1700
}
