import Foundation
import PluginAPI
import Synchronization
import Testing

@testable import Kernel

/// The archive that a backup is.
@Suite struct TarTests {
    private func write(_ parts: [(String, [UInt8])], to path: String) throws {
        var bytes: [UInt8] = []
        let tar = TarWriter(at: Moment(milliseconds: 1_793_786_400_000)) { bytes += $0 }
        for (name, content) in parts { try tar.add(name, content) }
        try tar.finish()
        try Data(bytes).write(to: URL(filePath: path))
    }

    private func temporary() -> String { FileManager.default.temporaryDirectory.path + "/tenon-tar-\(UUID().uuidString).tar" }

    @Test func `what is written is read again, empty parts and long names included`() throws {
        let path = temporary()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let long = "files/files/" + String(repeating: "folder/", count: 20) + "größe.csv"
        let parts: [(String, [UInt8])] = [("a", [1, 2, 3]), ("empty", []), ("block", [UInt8](repeating: 7, count: 512)), (long, Array("text".utf8))]
        try write(parts, to: path)
        let reader = try TarReader(path)
        for (name, content) in parts {
            let entry = try #require(try reader.next())
            #expect(entry.name == name && entry.size == content.count)
            #expect(try reader.whole() == content)
        }
        #expect(try reader.next() == nil)
    }

    @Test func `every tar reads it`() throws {
        let path = temporary()
        let folder = path + ".out"
        defer {
            try? FileManager.default.removeItem(atPath: path)
            try? FileManager.default.removeItem(atPath: folder)
        }
        let long = "files/" + String(repeating: "folder/", count: 20) + "end.txt"
        try write([("head.json", Array("{}".utf8)), (long, Array("words".utf8))], to: path)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let child = try ChildProcess("/bin/tar", ["-xf", path, "-C", folder], environment: ["PATH": "/usr/bin:/bin"])
        child.waitUntilExit()
        #expect(child.terminationStatus == 0)
        #expect(try String(contentsOfFile: folder + "/" + long, encoding: .utf8) == "words")
    }

    @Test func `an end that is missing is told`() throws {
        let path = temporary()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try write([("a", [UInt8](repeating: 1, count: 3000))], to: path)
        let whole = try Data(contentsOf: URL(filePath: path))
        for length in [whole.count - 1, whole.count - 1024, 2000, 511, 0] {
            try whole.prefix(length).write(to: URL(filePath: path))
            let error = #expect(throws: CRMError.self) {
                let reader = try TarReader(path)
                while try reader.next() != nil {}
            }
            #expect(error?.message.contains("ends too early") == true, "\(length): \(String(describing: error))")
        }
    }

    @Test func `the end of an archive is seen as it goes by, however it is cut into pieces`() throws {
        var bytes: [UInt8] = []
        let tar = TarWriter(at: Moment(milliseconds: 0)) { bytes += $0 }
        try tar.add("a", [1])
        try tar.finish()
        for size in [1, 100, 512, 4096] {
            let (whole, cut) = (TarEnd(), TarEnd())
            for start in stride(from: 0, to: bytes.count, by: size) { whole.note(Array(bytes[start..<min(start + size, bytes.count)])) }
            cut.note(Array(bytes.dropLast(1024)))
            #expect(whole.isComplete && !cut.isComplete)
        }
    }

    @Test func `ids are kept as bits, near and far`() {
        var ids = IdentitySet()
        for id: Int64 in [1, 63, 64, 4095, 4096, 1 << 40, .max] { ids.insert(id) }
        for id: Int64 in [1, 63, 64, 4095, 4096, 1 << 40, .max] { #expect(ids.contains(id)) }
        for id: Int64 in [0, 2, 62, 65, 4097, 1 << 41, -1] { #expect(!ids.contains(id)) }
    }

    @Test func `a slow reader holds up the maker, and one that goes ends it`() async throws {
        let pipe = PiecePipe()
        let made = Mutex(0)
        let failure = Mutex("")
        Thread.detachNewThread {
            do {
                for number in 0..<1000 {
                    try pipe.put([UInt8(number & 255)])
                    made.withLock { $0 = number + 1 }
                }
            } catch { failure.withLock { $0 = "\(error)" } }
            pipe.finish()
        }
        for number in 0..<10 { #expect(await pipe.next() == [UInt8(number)]) }
        // Ten were taken and a few may wait: the maker cannot be further.
        #expect(made.withLock { $0 } <= 15)
        pipe.abandon()
        #expect(await pipe.next() == nil)
        while failure.withLock({ $0.isEmpty }) { await Task.yield() }
        #expect(failure.withLock { $0 }.contains("has gone"))
    }
}
