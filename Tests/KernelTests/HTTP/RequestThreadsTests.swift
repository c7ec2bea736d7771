import Dispatch
import Testing

@testable import Kernel

struct RequestThreadsTests {
    @Test func `however many of them wait for the database, other requests get on`() async throws {
        let threads = RequestThreads(count: 2)
        let end = DispatchSemaphore(value: 0)
        let waiting = OverloadTests.Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<12 {
                group.addTask(executorPreference: threads) {
                    RequestThreads.current?.waiting {
                        waiting.add()
                        end.blockedWait()
                    }
                }
            }
            #expect(try await eventually { waiting.now == 12 })
            let isCurrent: Bool = await Task(executorPreference: threads) { RequestThreads.current === threads }.value
            #expect(isCurrent)
            for _ in 0..<12 { end.signal() }
            try await group.waitForAll()
        }
        #expect(RequestThreads.current == nil)
    }
}
