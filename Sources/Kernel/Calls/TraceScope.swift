/// Where in a trace the work of a task belongs. Nil for nearly everyone: then nothing is noted.
struct TraceScope: Sendable {
    let trace: Trace
    /// The step within which it happens; -1 at the top.
    let parent: Int

    @TaskLocal static var current: TraceScope?

    /// Does something as a step of the trace that is being written, if one is.
    static func step<T>(
        _ kind: Trace.Kind, plugin: String = "", _ name: String, event: Int64? = nil, _ body: (TraceScope?) async throws -> T
    ) async rethrows -> T {
        guard let scope = current else { return try await body(nil) }
        let place = scope.trace.begin(kind, plugin: plugin, name, event: event, in: scope.parent)
        do {
            let result = try await body(TraceScope(trace: scope.trace, parent: place))
            scope.trace.end(place)
            return result
        } catch {
            scope.trace.end(place, error)
            throw error
        }
    }
}
