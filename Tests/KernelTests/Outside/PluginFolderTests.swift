import Foundation
import PluginAPI
import Testing

@testable import Kernel

@Suite final class PluginFolderTests {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("tenon-files-\(UUID().uuidString)")
    deinit { try? FileManager.default.removeItem(at: root) }

    private var folder: PluginFolder { PluginFolder(of: "desk", in: root.path) }

    @Test func `files are written, read, listed and deleted`() throws {
        #expect(try folder.read("a.txt") == nil)
        #expect(try folder.list() == [])
        try folder.write("reports/2026/march.csv", [1, 2])
        try folder.write("a.txt", [3])
        try folder.write("a.txt", [4])
        #expect(try folder.read("a.txt") == [4])
        #expect(try folder.read("reports/2026/march.csv") == [1, 2])
        #expect(try folder.list() == ["a.txt", "reports/2026/march.csv"])
        try folder.delete("a.txt")
        try folder.delete("a.txt")
        #expect(try folder.list() == ["reports/2026/march.csv"])
        #expect(try PluginFolder(of: "other", in: root.path).list() == [])
    }

    @Test(arguments: ["../a", "a/../../b", "/etc/passwd", "", ".", "..", "a//b", ".hidden", "a\\b", "a\0b", "a/", "-rf", "ä"])
    func `no name leads out of the folder`(_ name: String) {
        #expect(throws: CRMError.self) { try folder.read(name) }
        #expect(throws: CRMError.self) { try folder.write(name, [1]) }
        #expect(throws: CRMError.self) { try folder.delete(name) }
    }

    @Test func `a link in the folder is not followed`() throws {
        try folder.write("a.txt", [1])
        let own = root.appendingPathComponent("desk")
        try FileManager.default.createSymbolicLink(atPath: own.path + "/link", withDestinationPath: "/etc")
        try FileManager.default.createSymbolicLink(atPath: own.path + "/file", withDestinationPath: "/etc/hostname")
        #expect(throws: CRMError.self) { try folder.read("link/hostname") }
        #expect(throws: CRMError.self) { try folder.write("link/new", [1]) }
        #expect(throws: CRMError.self) { try folder.read("file") }
        #expect(throws: CRMError.self) { try folder.read("a.txt/b") }
    }
}
