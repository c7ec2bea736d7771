import PluginAPI

extension Engine {
    /// Stores what became of work that is done, again and again while the database is away or its disk full: work whose end nobody
    /// knows is done a second time. The note has to look first whether it is stored already, since that may not be known either.
    ///
    /// In tasks of their own: what was done is remembered also when the product is ending. It gives up then, and when the
    /// condition holds no more.
    func insist(while holds: () -> Bool = { true }, _ note: @escaping @Sendable () async throws -> Void) async throws {
        var wait: Int = 100
        while true {
            do { return try await Task { try await note() }.value } catch {
                let isPassing: Bool = error is UncertainCommit || dialect.isTemporary(error) || dialect.isFull(error)
                guard isPassing, holds(), !Task.isCancelled else { throw error }
            }
            let pause: Int = wait
            await Task { try? await Task.sleep(for: .milliseconds(pause)) }.value
            wait = min(wait * 2, 2000)
        }
    }
}
