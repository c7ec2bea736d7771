import Foundation
import PluginAPI
import Testing

@testable import Kernel

#if canImport(Glibc)
import Glibc
#endif

@Suite("Files that commands are given") struct InputFileTests {
    private func path() -> String { NSTemporaryDirectory() + "tenon-input-" + UUID().uuidString }

    /// Writes on a thread of its own: a pipe holds little, and whoever opens one waits for the other side.
    private func write(_ bytes: [UInt8], _ open: @escaping @Sendable () -> Int32) {
        Thread.detachNewThread {
            signal(SIGPIPE, SIG_IGN)
            let descriptor: Int32 = open()
            var rest: ArraySlice<UInt8> = bytes[...]
            while !rest.isEmpty {
                let count: Int = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                if count <= 0 { break }
                rest = rest.dropFirst(count)
            }
            close(descriptor)
        }
    }

    @Test func `a password comes out of a file, of a named pipe, and of a pipe that a shell hands over by its number`() async throws {
        let file: String = path()
        defer { unlink(file) }
        try Data("a long walk\nby the sea\n".utf8).write(to: URL(fileURLWithPath: file))
        #expect(try InputFile.secret(file) == "a long walk")

        let fifo: String = path()
        defer { unlink(fifo) }
        #expect(mkfifo(fifo, 0o600) == 0)
        write(Array("out of a pipe\n".utf8)) { open(fifo, O_WRONLY) }
        #expect(try await inThread { try InputFile.secret(fifo) } == "out of a pipe")

        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        let (front, back): (Int32, Int32) = (ends[0], ends[1])
        defer { close(front) }
        write(Array("by its number".utf8)) { back }
        #expect(try await inThread { try InputFile.secret("/dev/fd/\(front)") } == "by its number")
    }

    @Test func `a pipe is read to its end, and one without an end is given up`() async throws {
        let fifo: String = path()
        defer { unlink(fifo) }
        #expect(mkfifo(fifo, 0o600) == 0)
        let large = [UInt8](repeating: 7, count: 1_000_000)
        write(large) { open(fifo, O_WRONLY) }
        #expect(try await inThread { try InputFile.read(fifo) } == large)
        write(large) { open(fifo, O_WRONLY) }
        let refusal = await failure { _ = try await inThread { try InputFile.secret(fifo) } }
        #expect(refusal?.code == .tooLarge)
    }

    @Test func `what is not there and what is no file is told`() async {
        #expect(await failure { _ = try InputFile.secret("/nowhere/at/all") }?.message == "there is no file /nowhere/at/all")
        #expect(await failure { _ = try InputFile.secret("/tmp") }?.message == "could not read the file /tmp: is a directory")
    }
}
