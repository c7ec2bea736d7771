import PluginAPI
import Testing

@testable import Kernel

@Suite struct CrashReportTests {
    static let text = """
        tenon-report 1
        time 1763800000123
        kind crash
        what SIGILL
        process 41
        thread 42
        address 0x0
        plugin acme
        version 1.2.3
        frame other 0x10 /usr/lib/libswiftCore.so
        frame plugin 0x20 /plugins/with a space/libAcme.so
        frame kernel 0x30\u{20}
        call 42 250 acme: listener thing_made
        end
        """

    @Test func `a report is read as it was written`() throws {
        let report = try #require(CrashReport(Self.text))
        #expect(report.at == Moment(milliseconds: 1_763_800_000_123))
        #expect(report.kind == .crash && report.what == "SIGILL" && report.thread == 42)
        #expect(report.plugin == "acme" && report.version == "1.2.3")
        #expect(report.frames.map(\.owner) == [.other, .plugin, .kernel])
        #expect(report.frames.map(\.address) == [0x10, 0x20, 0x30])
        #expect(report.frames.map(\.file) == ["/usr/lib/libswiftCore.so", "/plugins/with a space/libAcme.so", ""])
        #expect(report.calls == [CrashReport.Call(thread: 42, milliseconds: 250, words: "acme: listener thing_made")])
    }

    @Test func `a report that was cut off counts as far as it goes, and what is none is none`() throws {
        for length in 20..<Self.text.count { #expect(CrashReport(String(Self.text.prefix(length))) != nil) }
        let half = try #require(CrashReport("tenon-report 1\nkind crash\nplugin acme\nframe plug"))
        #expect(half.plugin == "acme" && half.frames.isEmpty)
        for text in ["", "something else", "tenon-report 2\nkind crash"] { #expect(CrashReport(text) == nil) }
    }

    @Test func `functions are named, and the plugin is to blame whose code came first`() throws {
        let report = try #require(CrashReport(Self.text))
        let finding = CrashFinding(report) { file, address in
            file.hasSuffix("libAcme.so") ? ("$s4Acme5totalSiyF", 7) : file.isEmpty ? ("main", 1) : nil
        }
        #expect(finding.plugin == "acme")
        #expect(finding.summary == "SIGILL in Acme.total() -> Swift.Int")
        #expect(finding.frames.map(\.file) == ["libswiftCore.so", "libAcme.so", "tenon"])
    }

    @Test(arguments: ["swift_slowAlloc", "malloc", "free"])
    func `whoever asks for memory when there is none is not to blame`(function: String) throws {
        let report = try #require(CrashReport(Self.text))
        let finding = CrashFinding(report) { file, _ in file.hasSuffix("libswiftCore.so") ? (function, 0) : ("somewhere", 0) }
        #expect(finding.plugin == nil)
        #expect(finding.summary.contains("memory"))
    }

    @Test func `a function of a file is found by its address, and nothing in what is no library`() {
        #expect(CrashFinding.symbol("/etc/passwd", 16) == nil)
        #expect(CrashFinding.symbol("/nowhere", 16) == nil)
        #expect(CrashFinding.symbol("relative", 16) == nil)
    }
}
