extension String {
    /// For a path or a query.
    var percentEncoded: String {
        var out = ""
        for byte in utf8 {
            let isPlain = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || "-._~".utf8.contains(byte)
            if isPlain {
                out.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                out += digits.count == 1 ? "%0" + digits : "%" + digits
            }
        }
        return out
    }

    /// Without spaces at either end.
    var trimmed: String {
        let start = drop(while: \.isWhitespace)
        return String(start.reversed().drop(while: \.isWhitespace).reversed())
    }
}
