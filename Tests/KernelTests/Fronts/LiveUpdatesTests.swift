import PluginAPI
import Testing

@testable import Kernel

@Suite struct LiveUpdatesTests {
    let clock = FixedClock("2026-03-01T09:00:00Z")

    private func live(_ scopes: [Int64: Scope] = [:]) -> LiveUpdates {
        LiveUpdates(clock: clock) { user, _ in scopes[user] }
    }

    private func next(_ iterator: inout AsyncStream<[UInt8]>.Iterator) async -> String? {
        await iterator.next().map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `a user's pages are told, nobody else's`() async {
        let live = live()
        var anna = live.subscribe(1, first: [.unread(3)]).makeAsyncIterator()
        var ben = live.subscribe(2).makeAsyncIterator()
        #expect(await next(&anna) == "retry: 3000\n\n")
        #expect(await next(&anna) == "event: unread\ndata: 3\n\n")
        #expect(await next(&ben) == "retry: 3000\n\n")
        live.publish(1, .unread(4))
        live.publish(2, .unread(9))
        #expect(await next(&anna) == "event: unread\ndata: 4\n\n")
        #expect(await next(&ben) == "event: unread\ndata: 9\n\n")
    }

    @Test func `which record changed is told to those only who see all of them`() async {
        let live = live([1: .all, 2: .own])
        var anna = live.subscribe(1).makeAsyncIterator()
        var ben = live.subscribe(2).makeAsyncIterator()
        var cem = live.subscribe(3).makeAsyncIterator()
        for _ in 1...1 { _ = await (next(&anna), next(&ben), next(&cem)) }
        live.publishAll(changed: "task", 42)
        live.publish(3, .unread(0))
        #expect(await next(&anna) == "event: changed\ndata: {\"entity\":\"task\",\"ids\":[42]}\n\n")
        #expect(await next(&ben) == "event: changed\ndata: {\"entity\":\"task\",\"ids\":[]}\n\n")
        #expect(await next(&cem) == "event: unread\ndata: 0\n\n")
    }

    @Test func `a quiet connection gets a comment every 25 seconds`() async {
        let live = live()
        var anna = live.subscribe(1).makeAsyncIterator()
        _ = await next(&anna)
        for _ in 1...2 {
            await clock.untilWaiting()
            clock.advance(seconds: 25)
            #expect(await next(&anna) == ": \n\n")
        }
    }

    @Test func `a page that does not take its events in is cut off`() async {
        let live = live()
        let stream = live.subscribe(1)
        for count in 0...LiveUpdates.backlog { live.publish(1, .unread(count)) }
        #expect(live.count == 0)
        var received = 0
        for await _ in stream { received += 1 }
        #expect(received == LiveUpdates.backlog)
    }

    @Test func `a page that is closed is forgotten, and the end of the product ends all`() async {
        let live = live()
        do {
            let stream = live.subscribe(1)
            #expect(live.count == 1)
            _ = stream
        }
        let open = live.subscribe(2)
        #expect(live.count == 1)
        live.close()
        var received = 0
        for await _ in open { received += 1 }
        #expect(received == 1)
        #expect(live.count == 0)
        for await _ in live.subscribe(3) { received += 1 }
        #expect(received == 2)
    }

    @Test func `data of several lines stays one event`() {
        let event = LiveUpdates.Event("note", data: Array("a\nb".utf8))
        #expect(String(decoding: event.formatted, as: UTF8.self) == "event: note\ndata: a\ndata: b\n\n")
    }
}
