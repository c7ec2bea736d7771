import PluginAPI

/// Writes a POSIX archive (ustar, with pax records for long names) piece by piece: every `tar` reads it.
struct TarWriter {
    static let block = 512
    /// What takes the bytes; may wait.
    let sink: ([UInt8]) throws -> Void
    private let seconds: Int64

    init(at moment: Moment, sink: @escaping ([UInt8]) throws -> Void) {
        self.sink = sink
        seconds = moment.milliseconds / 1000
    }

    func add(_ name: String, _ bytes: [UInt8]) throws {
        try begin(name, size: bytes.count)
        try sink(bytes)
        try pad(bytes.count)
    }

    /// Announces an entry whose bytes follow, to be ended by ``pad(_:)``.
    func begin(_ name: String, size: Int) throws {
        if name.utf8.count > 100 {
            let record: [UInt8] = Self.pax("path", name)
            try sink(header("pax/" + String(name.utf8.count), size: record.count, kind: UInt8(ascii: "x")))
            try sink(record)
            try pad(record.count)
        }
        try sink(header(name, size: size, kind: UInt8(ascii: "0")))
    }

    /// Fills the last block of an entry up.
    func pad(_ size: Int) throws {
        let over: Int = size % Self.block
        if over > 0 { try sink([UInt8](repeating: 0, count: Self.block - over)) }
    }

    func finish() throws { try sink([UInt8](repeating: 0, count: 2 * Self.block)) }

    /// `LENGTH name=value\n`, where the length counts itself.
    private static func pax(_ name: String, _ value: String) -> [UInt8] {
        let rest: String = " \(name)=\(value)\n"
        var length: Int = rest.utf8.count
        while String(length).utf8.count + rest.utf8.count != length { length = String(length).utf8.count + rest.utf8.count }
        return Array((String(length) + rest).utf8)
    }

    private func header(_ name: String, size: Int, kind: UInt8) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: Self.block)
        func put(_ text: String, at place: Int) {
            for (offset, byte) in text.utf8.enumerated() { block[place + offset] = byte }
        }
        func octal(_ number: Int64, digits: Int) -> String {
            let text = String(number, radix: 8)
            return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
        }
        put(String(decoding: Array(name.utf8).prefix(100), as: UTF8.self), at: 0)
        put("0000600", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        put(octal(Int64(size), digits: 11), at: 124)
        put(octal(seconds, digits: 11), at: 136)
        put("        ", at: 148)
        block[156] = kind
        put("ustar", at: 257)
        put("00", at: 263)
        put(octal(Int64(block.reduce(0) { $0 + Int($1) }), digits: 6), at: 148)
        block[154] = 0
        return block
    }
}
