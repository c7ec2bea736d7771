import Foundation
import Testing

@testable import Kernel

@Suite struct ELFImageTests {
    @Test func `a text file is not a library`() {
        #expect(throws: ELFProblem.notELF) { try ELFImage(bytes: Array("#!/bin/sh\n".utf8)) }
    }

    @Test func `an empty file is not a library`() {
        #expect(throws: ELFProblem.notELF) { try ELFImage(bytes: []) }
    }

    @Test func `a folder is not a library, and a missing file says so`() {
        #expect(throws: ELFProblem.notELF) { try ELFImage(path: "/usr") }
        #expect(throws: ELFProblem.unreadable(errno: ENOENT)) { try ELFImage(path: "/no/such/library.so") }
    }

    @Test func `a library tells its compiler, its needs and its symbols without being loaded`() throws {
        let image = try ELFImage(path: FittingPlugin.library.get().path)
        #expect(image.isSharedObject)
        #expect(image.neededLibraries.contains("libPluginAPI.so"))
        #expect(image.neededLibraries.contains("libswiftCore.so"))
        #expect(image.comments.contains { $0.hasPrefix("clang version ") })
        #expect(image.swiftCompilers.contains { $0.hasPrefix("Swift version ") })
        #expect(image.hasInitialisers)
        #expect(image.symbols.defines("tenon_plugin"))
        #expect(!image.symbols.defines("swift_addNewDSOImage"))
    }

    @Test func `a C library tells its name and its search path`() throws {
        let library: URL = try LibraryFixtures("named").cLibrary(
            "named", "int f(void) { return 1; }", options: ["-Wl,-soname=libother.so.2", "-Wl,-rpath=$ORIGIN/near"])
        let image = try ELFImage(path: library.path)
        #expect(image.name == "libother.so.2")
        #expect(image.searchPath == "$ORIGIN/near")
        #expect(image.comments.allSatisfy { $0.hasPrefix("GCC: ") })
        #expect(image.swiftCompilers.isEmpty)
    }

    @Test func `reading from the file and from memory agree`() throws {
        let fromFile = try ELFImage(path: LibraryFixtures.pluginAPI.path)
        let fromMemory = try ELFImage(bytes: Array(Data(contentsOf: LibraryFixtures.pluginAPI)))
        #expect(fromFile.comments == fromMemory.comments)
        #expect(fromFile.neededLibraries == fromMemory.neededLibraries)
        #expect(try fromFile.symbols.definedNames { _ in true } == fromMemory.symbols.definedNames { _ in true })
    }
}
