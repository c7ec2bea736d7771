/// The common part of SQL as PostgreSQL reads it: `?` becomes `$1`, and `lower`, which knows only ASCII under the collation of
/// the columns, becomes the function that knows all letters. What stands in quotes is left alone.
enum PostgreSQLText {
    static func translated(_ sql: String) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(sql.utf8.count + 32)
        var marks = 0
        var quote: UInt8 = 0
        let lower = Array("lower(".utf8)
        let bytes = Array(sql.utf8)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            defer { index += 1 }
            if quote != 0 {
                result.append(byte)
                if byte == quote { quote = 0 }
                continue
            }
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                quote = byte
                result.append(byte)
            case UInt8(ascii: "?"):
                marks += 1
                result.append(contentsOf: Array("$\(marks)".utf8))
            case UInt8(ascii: "l") where bytes[index...].starts(with: lower) && !(result.last.map(isWord) ?? false):
                result.append(contentsOf: Array("tenon_lower(".utf8))
                index += lower.count - 1
            default: result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte == 95 || byte == 46
    }
}
