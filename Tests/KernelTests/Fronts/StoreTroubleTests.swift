import Logging
import PluginAPI
import Testing

@testable import Kernel

/// What the log says while the store takes nothing.
@Suite struct StoreTroubleTests {
    /// Keeps the lines.
    private struct Lines: LogHandler {
        let recorder: Recorder
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .debug
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) { recorder.note("\(event.level) \(event.message)") }
    }

    @Test func `a full disk is told once, and once more when it is over, with how many were turned away`() async throws {
        let recorder = Recorder()
        let trouble = StoreTrouble(Logger(label: "test") { _ in Lines(recorder: recorder) })
        let full = PostgreSQLError(state: "53100", message: "could not extend file")
        for _ in 1...100 { #expect(trouble.told(full, PostgreSQLDialect()).message == "the disk is full") }
        #expect(recorder.entries.count == 1)
        #expect(recorder.entries.first?.hasPrefix("error the disk is full") == true)
        // One that found room in between is no end.
        trouble.end()
        #expect(recorder.entries.count == 1)
        try await Task.sleep(for: StoreTrouble.quiet)
        trouble.end()
        trouble.end()
        #expect(recorder.entries.count == 2)
        #expect(recorder.entries.last == "notice changes are taken again; the disk is full, 100 requests were turned away within 0 s")
        // The next time is told again.
        _ = trouble.told(full, PostgreSQLDialect())
        #expect(recorder.entries.count == 3)
    }
}
