import Foundation
import Testing
@testable import Kernel

@Suite struct DataDirectoryLockTests {
    @Test func `one process at a time holds a data directory, and says who it is`() throws {
        let directory = NSTemporaryDirectory() + "tenon-lock-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        do {
            let lock = try #require(try DataDirectoryLock.take(directory, for: "tenon serve"))
            #expect(try DataDirectoryLock.take(directory, for: "tenon") == nil)
            #expect(DataDirectoryLock.holder(directory)?.purpose == "tenon serve")
            withExtendedLifetime(lock) {}
        }
        #expect(try DataDirectoryLock.take(directory, for: "tenon") != nil)
    }

    @Test func `a directory that is not there is told, not made`() {
        #expect(throws: (any Error).self) { try DataDirectoryLock.take("/nowhere/at/all", for: "tenon") }
    }
}
