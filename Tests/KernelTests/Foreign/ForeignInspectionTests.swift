import Foundation
import Testing

@testable import Kernel

/// Libraries in other languages, judged before one instruction of them runs.
@Suite struct ForeignInspectionTests {
    let inspector: PluginInspector

    init() throws { inspector = PluginInspector(host: try HostLibraries()) }

    private func refusals(_ library: URL, _ functions: String...) -> [PluginRefusal] {
        inspector.inspect(library.path, expecting: .foreign(id: "acme", functions: functions))
    }

    @Test func `libraries that offer what their manifest names are let in, with debug information and without`() throws {
        #expect(refusals(try ForeignFixture.tame.get().library, "echo", "sum") == [])
        #expect(refusals(try ForeignFixture("tame", options: ["-Wl,-s", "-O2"]).library, "echo") == [])
    }

    @Test func `functions that the library lacks, keeps to itself or only needs are refused before it is loaded`() throws {
        let library: URL = try LibraryFixtures("foreign-hidden").cLibrary(
            "hidden", "#include <string.h>\nstatic long inner(long x) { return x; }\nlong score(const char *t) { return inner((long)strlen(t)); }")
        let refusal: PluginRefusal = try only(refusals(library, "score", "inner", "strlen"))
        #expect(refusal.message == "entry: the plugin's library has no function inner, strlen; the host calls score, inner, strlen")
        #expect(dlopen(library.path, RTLD_LAZY | RTLD_NOLOAD) == nil)
    }

    @Test func `a library that needs what the host lacks is refused with the names`() throws {
        let source = "long tomorrows_score(long x); long score(long x) { return tomorrows_score(x); }"
        let library: URL = try LibraryFixtures("foreign-lacks").cLibrary("lacks", source)
        let refusal: PluginRefusal = try only(refusals(library, "score"))
        #expect(refusal.field == .symbols && refusal.plugin == "needs tomorrows_score")
    }

    @Test func `a library with a constructor is refused, and what the constructor would do has not been done`() throws {
        let trace: URL = LibraryFixtures.buildFolder.appendingPathComponent("eager-trace-\(UUID().uuidString)")
        for options in [[], ["-O2", "-Wl,-s"], ["-nostartfiles"]] {
            let library: URL = try ForeignFixture("eager", options: ["-DTRACE=\"\(trace.path)\""] + options).library
            let refusal: PluginRefusal = try only(refusals(library, "score"))
            #expect(refusal.field == .initialisers)
            #expect(refusal.message == "initialisers: the plugin's library runs code of its own while it is loaded: one function; the host runs nothing of a plugin before it calls it")
            #expect(refusal.hint.contains("Take out its constructors"))
        }
        #expect(!FileManager.default.fileExists(atPath: trace.path))
    }

    @Test func `the one function that Rust's standard library has run at loading is let pass, a second is not`() throws {
        let fixtures = try LibraryFixtures("foreign-rust")
        let one = "__attribute__((constructor)) static void first(void) {}\nlong score(long x) { return x; }\n"
        let comments: [String] = ["GCC: 12.2.0", "rustc version 1.95.0"]
        let rust: URL = try fixtures.copy(fixtures.cLibrary("rust", one), withComments: comments)
        #expect(refusals(rust, "score") == [])
        let two: String = one + "__attribute__((constructor)) static void second(void) {}\n"
        #expect(refusals(try fixtures.copy(fixtures.cLibrary("two", two), withComments: comments), "score").map(\.field) == [.initialisers])
    }

    @Test func `other ways to run at loading are refused, too`() throws {
        let fixtures = try LibraryFixtures("foreign-ways")
        let first: URL = try fixtures.cLibrary("first", "void begin(void) {} long score(long x) { return x; }", options: ["-Wl,-init,begin"])
        #expect(refusals(first, "score").map(\.field) == [.initialisers])
        let source = """
            static long real(long x) { return x; }
            static long (*choose(void))(long) { return real; }
            long score(long x) __attribute__((ifunc("choose")));
            """
        let indirect: PluginRefusal = try only(refusals(fixtures.cLibrary("indirect", source), "score"))
        #expect(indirect.plugin == "runs code of its own while it is loaded, to find score")
        _ = try fixtures.cLibrary("other", "long other(void) { return 1; }")
        let filter: URL = try fixtures.cLibrary("filter", "long score(long x) { return x; }", options: ["-Wl,-f,libother.so"])
        #expect(refusals(filter, "score").map(\.plugin) == ["needs libother.so"])
    }

    @Test func `a plugin in Swift with a constructor in C is refused as well`() throws {
        let fixtures = try LibraryFixtures("foreign-swift")
        let eager: URL = fixtures.folder.appendingPathComponent("eager.o")
        try "__attribute__((constructor)) static void begin(void) {}".write(
            to: fixtures.folder.appendingPathComponent("eager.c"), atomically: true, encoding: .utf8)
        try LibraryFixtures.run(["gcc", "-c", "-fPIC", fixtures.folder.path + "/eager.c", "-o", eager.path])
        let library: URL = try fixtures.swiftLibrary("Sample", FittingPlugin.source, options: ["-lPluginAPI", eager.path])
        let found: [PluginRefusal] = inspector.inspect(library.path, expecting: .swift(id: "sample"))
        #expect(found.map(\.field).contains(.initialisers))
    }

    private func only(_ refusals: [PluginRefusal]) throws -> PluginRefusal {
        try #require(refusals.count == 1, "\(refusals.map(\.message))")
        return refusals[0]
    }
}
