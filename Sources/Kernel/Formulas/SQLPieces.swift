/// SQL written with other pieces in it, whose arguments come along in order: `pieced("\(left) = \(right)")`.
struct SQLPieces: ExpressibleByStringInterpolation {
    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var fragment = SQLFragment("")

        init(literalCapacity: Int, interpolationCount: Int) { fragment.sql.reserveCapacity(literalCapacity) }
        mutating func appendLiteral(_ literal: String) { fragment.sql += literal }
        mutating func appendInterpolation(_ other: SQLFragment) {
            fragment.sql += other.sql
            fragment.arguments += other.arguments
        }
        mutating func appendInterpolation(_ text: String) { fragment.sql += text }
    }

    fileprivate let fragment: SQLFragment

    init(stringLiteral value: String) { fragment = SQLFragment(value) }
    init(stringInterpolation: StringInterpolation) { fragment = stringInterpolation.fragment }
}

func pieced(_ pieces: SQLPieces) -> SQLFragment { pieces.fragment }
