import Foundation
import Testing

@testable import Kernel

@Suite struct PluginInspectorTests {
    let inspector: PluginInspector
    let expectation = PluginExpectation.swift(id: "sample")

    init() throws {
        inspector = PluginInspector(host: try HostLibraries())
    }

    @Test func `a plugin built here is let in`() throws {
        let library: URL = try FittingPlugin.library.get()
        #expect(inspector.inspect(library.path, expecting: expectation) == [])
    }

    @Test func `a plugin stripped of its debug information is let in`() throws {
        let library: URL = try LibraryFixtures("stripped").swiftLibrary(
            "Sample", FittingPlugin.source, options: ["-lPluginAPI", "-Xlinker", "-s"])
        #expect(try ELFImage(path: library.path).swiftCompilers.isEmpty)
        #expect(inspector.inspect(library.path, expecting: expectation) == [])
    }

    @Test func `a plugin built by another toolchain is refused with both named`() throws {
        let other = "clang version 17.0.0 (https://github.com/swiftlang/llvm-project.git 0123456789abcdef)"
        let library: URL = try LibraryFixtures("toolchain").copy(FittingPlugin.library.get(), withComments: ["GCC: 12.2.0", other])
        let refusal: PluginRefusal = try only(inspector.inspect(library.path, expecting: expectation))
        #expect(refusal.field == .compiler)
        #expect(refusal.plugin.contains(other))
        #expect(refusal.host.contains("clang version 21"))
        #expect(refusal.hint == "Build it here: tenon plugin build sample")
    }

    @Test func `a plugin built by another Swift version of the same back end is refused`() throws {
        var bytes: [UInt8] = try FittingPlugin.bytes()
        let version: [UInt8] = Array("Swift version 6".utf8)
        for start in 0..<bytes.count - version.count where bytes[start..<start + version.count].elementsEqual(version) {
            bytes[start + version.count - 1] = UInt8(ascii: "7")
        }
        let refusal: PluginRefusal = try only(inspector.inspect(ELFImage(bytes: bytes), expecting: expectation))
        #expect(refusal.field == .compiler)
        #expect(refusal.plugin.contains("Swift version 7."))
    }

    @Test func `a stripped plugin of another Swift release with the same back end is refused, and so is one that says it wrongly`() throws {
        let library: URL = try LibraryFixtures("stripped-other").swiftLibrary(
            "Sample", FittingPlugin.source, options: ["-lPluginAPI", "-Xlinker", "-s"])
        var bytes: [UInt8] = try Array(Data(contentsOf: library))
        let stamp: [UInt8] = Array("compiledBySwift_6_3_1".utf8)
        let places: [Int] = (0..<bytes.count - stamp.count).filter { bytes[$0..<$0 + stamp.count].elementsEqual(stamp) }
        try #require(!places.isEmpty, "the stamp of this toolchain is another one")
        var other: [UInt8] = bytes
        for place in places { other[place + stamp.count - 1] = UInt8(ascii: "9") }
        let refusal: PluginRefusal = try only(inspector.inspect(ELFImage(bytes: other), expecting: expectation))
        #expect(refusal.field == .compiler)
        #expect(refusal.plugin == "was built by Swift 6.3.9")
        #expect(refusal.host.contains("Swift version 6.3.1"))
        for place in places { bytes[place] = UInt8(ascii: "X") }
        let silent: [PluginRefusal] = inspector.inspect(try ELFImage(bytes: bytes), expecting: expectation)
        #expect(silent.map(\.field) == [.symbols])
    }

    @Test func `a library for another processor is refused before anything else`() throws {
        var bytes: [UInt8] = try FittingPlugin.bytes()
        bytes[18] = 243
        let refusal: PluginRefusal = try only(inspector.inspect(ELFImage(bytes: bytes), expecting: expectation))
        #expect(refusal.message == "architecture: the plugin's library is for RISC-V; the host runs on \(Self.machine)")
    }

    @Test func `a library without the entry function is refused`() throws {
        let source = "import PluginAPI\npublic let box: Any.Type = PluginBox.self"
        let library: URL = try LibraryFixtures("entry").swiftLibrary("Sample", source, options: ["-lPluginAPI"])
        let refusal: PluginRefusal = try only(inspector.inspect(library.path, expecting: expectation))
        #expect(refusal.message == "entry: the plugin's library has no function tenon_plugin; the host calls tenon_plugin")
    }

    @Test func `a plugin that carries its own PluginAPI is refused`() throws {
        // A static PluginAPI would bring the descriptors of its types along; one of them is enough to know it.
        let descriptor: String = try #require(inspector.host.apiDescriptors.filter { $0.hasSuffix("Mn") }.min())
        let source = """
            \(FittingPlugin.source)
            @_silgen_name("\(descriptor)") public func copy() {}
            """
        let library: URL = try LibraryFixtures("copy").swiftLibrary("Sample", source, options: ["-lPluginAPI"])
        let refusal: PluginRefusal = try only(inspector.inspect(library.path, expecting: expectation))
        #expect(refusal.field == .pluginAPI)
        #expect(refusal.plugin == "carries its own PluginAPI, with \(SymbolName.readable(descriptor))")
    }

    @Test func `a library that never heard of PluginAPI is refused`() throws {
        let source = #"@_cdecl("tenon_plugin") public func entry() -> UnsafeMutableRawPointer? { nil }"#
        let library: URL = try LibraryFixtures("without").swiftLibrary("Sample", source)
        let refusal: PluginRefusal = try only(inspector.inspect(library.path, expecting: expectation))
        #expect(refusal.message.hasPrefix("plugin-api: the plugin's library does not use libPluginAPI.so"))
    }

    @Test func `a plugin that needs a function the host lacks is refused by the function's readable name`() throws {
        let source = """
            \(FittingPlugin.source)
            @_silgen_name("$s9PluginAPI9RegistrarV9tomorrowsyyF") func tomorrows()
            public func use() { tomorrows() }
            """
        let library: URL = try LibraryFixtures("symbols").swiftLibrary("Sample", source, options: ["-lPluginAPI"])
        let refusal: PluginRefusal = try only(inspector.inspect(library.path, expecting: expectation))
        #expect(refusal.field == .symbols)
        #expect(refusal.plugin == "needs PluginAPI.Registrar.tomorrows() -> ()")
    }

    @Test func `a plugin that needs a library the host has not loaded is refused by its name`() throws {
        let fixtures = try LibraryFixtures("libraries")
        _ = try fixtures.cLibrary("stranger", "int stranger(void) { return 1; }")
        let source = """
            \(FittingPlugin.source)
            @_silgen_name("stranger") func stranger() -> Int32
            public func use() -> Int32 { stranger() }
            """
        let library: URL = try fixtures.swiftLibrary(
            "Sample", source, options: ["-lPluginAPI", "-L", fixtures.folder.path, "-lstranger"])
        let refusal: PluginRefusal = try only(inspector.inspect(library.path, expecting: expectation))
        #expect(refusal.message == "libraries: the plugin's library needs libstranger.so; the host has not loaded it")
    }

    @Test func `a part of the Swift runtime that only the plugin uses is no obstacle`() throws {
        let source = """
            import Distributed
            \(FittingPlugin.source)
            public func use() -> Any.Type { (any DistributedActor).self }
            """
        let library: URL = try LibraryFixtures("runtime").swiftLibrary("Sample", source, options: ["-lPluginAPI"])
        #expect(try ELFImage(path: library.path).neededLibraries.contains("libswiftDistributed.so"))
        #expect(inspector.inspect(library.path, expecting: expectation) == [])
    }

    @Test func `a C library is let in as a foreign plugin and refused as a Swift one`() throws {
        let library: URL = try LibraryFixtures("foreign").cLibrary(
            "score", "#include <math.h>\ndouble score(double x) { return sqrt(x); }", options: ["-lm"])
        #expect(inspector.inspect(library.path, expecting: .foreign(id: "score", functions: ["score"])) == [])
        let fields: [PluginRefusal.Field] = inspector.inspect(library.path, expecting: expectation).map(\.field)
        #expect(fields == [.compiler, .pluginAPI, .entry])
    }

    @Test func `a foreign plugin without a function of its manifest is refused`() throws {
        let library: URL = try LibraryFixtures("functions").cLibrary("score", "int score(int x) { return x; }")
        let foreign = PluginExpectation.foreign(id: "score", functions: ["score", "grade"])
        let refusal: PluginRefusal = try only(inspector.inspect(library.path, expecting: foreign))
        #expect(refusal.message == "entry: the plugin's library has no function grade; the host calls score, grade")
    }

    @Test func `an executable is not a plugin, and neither is a text`() throws {
        let program = try only(inspector.inspect("/bin/true", expecting: expectation))
        #expect(program.message.hasPrefix("file: the plugin's library is not supported: not a shared library"))
        let text = try only(inspector.inspect("/etc/passwd", expecting: expectation))
        #expect(text.message == "file: the plugin's library is not an ELF file; the host loads shared libraries for Linux")
    }

    @Test func `every plugin of the tree that is built is let in`() throws {
        let home: URL = LibraryFixtures.buildFolder.appendingPathComponent("tenon-home/plugins")
        let folders: [URL] = (try? FileManager.default.contentsOfDirectory(at: home, includingPropertiesForKeys: nil)) ?? []
        for folder in folders {
            let files: [String] = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            let library: String = try #require(files.first { $0.hasSuffix(".so") })
            let path: String = folder.appendingPathComponent(library).path
            #expect(inspector.inspect(path, expecting: .swift(id: folder.lastPathComponent)) == [])
        }
    }

    private static var machine: String {
        #if arch(x86_64)
            "x86-64"
        #else
            "AArch64"
        #endif
    }

    private func only(_ refusals: [PluginRefusal]) throws -> PluginRefusal {
        try #require(refusals.count == 1, "\(refusals.map(\.message))")
        return refusals[0]
    }
}
