import Glibc
import PluginAPI

/// A file of JSON lines that is being written.
final class LineFile {
    private let file: UnsafeMutablePointer<FILE>
    private let path: String
    private(set) var count = 0

    init(_ path: String) throws {
        guard let file = fopen(path, "wxe") else { throw Self.failure(path) }
        self.file = file
        self.path = path
    }

    /// Adds a line.
    func add(_ json: [UInt8]) throws {
        var line: [UInt8] = json
        line.append(UInt8(ascii: "\n"))
        guard fwrite(line, 1, line.count, file) == line.count else { throw Self.failure(path) }
        count += 1
    }

    /// Brings it to the disk and closes it.
    func close() throws {
        guard fflush(file) == 0, fsync(fileno(file)) == 0 else { throw Self.failure(path) }
        fclose(file)
    }

    private static func failure(_ path: String) -> CRMError {
        CRMError(
            .unavailable, "could not write \(path): \(String(cString: strerror(errno)).lowercased())", hint: "Look at the disk and who owns it.")
    }

    /// Hands over the lines of a file, one document each.
    static func read(_ path: String, _ each: (JSONValue) throws -> Void) throws {
        guard let file = fopen(path, "re") else {
            throw CRMError(.malformed, "the archive has no file \(path)", hint: "Name the folder as it was written.")
        }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var room = 0
        defer { free(line) }
        while true {
            let length: Int = getline(&line, &room, file)
            guard length > 0, let line else { return }
            let bytes: [UInt8] = line.withMemoryRebound(to: UInt8.self, capacity: length) {
                Array(UnsafeBufferPointer(start: $0, count: length))
            }
            try each(JSONValue(parsing: bytes))
        }
    }
}

extension SQLValue {
    /// A stored value as it stands in an archive. Blobs are not used for records.
    var archived: JSONValue {
        switch self {
        case .null, .blob: .null
        case .integer(let number): .number(String(number))
        case .text(let text): .string(text)
        }
    }

    init(archived json: JSONValue) {
        switch json {
        case .number(let text): self = Int64(text).map(SQLValue.integer) ?? .text(text)
        case .string(let text): self = .text(text)
        case .boolean(let flag): self = .integer(flag ? 1 : 0)
        default: self = .null
        }
    }
}
