import PluginAPI
import Testing

@testable import Kernel

/// What a trace says of a change, as people read it.
@Suite struct TraceTests {
    private let watch = Stopwatch()

    /// Does something as a traced request, and tells what happened.
    private func trace(_ desk: Desk, _ work: @Sendable () async throws -> Void) async -> Trace {
        let trace = desk.store.calls.traces.begin("POST /test", user: nil, at: desk.clock.now)
        do {
            try await TraceScope.$current.withValue(TraceScope(trace: trace, parent: -1)) { try await work() }
            trace.finish(status: 201)
        } catch { trace.finish(status: 409) }
        return trace
    }

    /// The tree without its heading, and without the statements: how many there are is the store's matter.
    private func text(_ trace: Trace) throws -> String {
        let json = try JSONValue(parsing: JSONWriter.object { TraceJSON.write(trace, &$0) })
        let tree = TraceText(style: .plain).tree(json["steps"].elements)
        return tree.replacing(/, \d+ statements? \d+\.\d ms/, with: "").replacing(/trace \d+/, with: "trace N").replacing(/event \d+/, with: "event N")
    }

    private func pack(_ desk: Desk, _ title: String, grams: Int) async -> Trace {
        await trace(desk) {
            try await desk.store.write(as: desk.system) { transaction in
                _ = try transaction.transaction.insert(Parcel.self) { parcel in
                    parcel[Parcel.title] = title
                    parcel[Parcel.grams] = grams
                }
            }
        }
    }

    @Test func `shows which rules and listeners ran, in what order, how long, and what each changed`() async throws {
        let desk = try await Desk(ParcelService(watch: watch).parts, clock: watch.clock)
        let trace = await pack(desk, "Ada", grams: 1500)
        #expect(try text(trace) == """
            └─ write  67.0 ms
               └─ create parcel 1  67.0 ms
                  │  title: – → Ada
                  │  grams: – → 1500
                  │  size: – → large
                  ├─ parcels: prepare parcel  1.0 ms
                  │     size: – → large
                  ├─ parcels: validate parcel  2.0 ms
                  └─ parcels: on_save parcel  64.0 ms
                     └─ hook parcel_packed  61.0 ms
                        │  queued event N for courier: parcel_packed  tenon hooks trace N
                        ├─ courier: listener parcel_packed first  1.0 ms
                        └─ labels: listener parcel_packed  60.0 ms
                           └─ create label 1  20.0 ms
                              │  text: – → To: Ada
                              └─ labels: validate label  20.0 ms

            """)
        #expect(trace.current.steps.reduce(0) { $0 + $1.statements } > 5)
    }

    @Test func `names who vetoed a change, and why`() async throws {
        let desk = try await Desk(ParcelService(watch: watch).parts, clock: watch.clock)
        #expect(try text(await pack(desk, "bomb", grams: 10)) == """
            └─ write  47.0 ms  undone
               └─ create parcel 1  47.0 ms  undone
                  │  title: – → bomb
                  │  grams: – → 10
                  │  size: – → small
                  ├─ parcels: prepare parcel  1.0 ms
                  │     size: – → small
                  ├─ parcels: validate parcel  2.0 ms
                  └─ parcels: on_save parcel  44.0 ms  undone
                     └─ hook parcel_packed  41.0 ms  undone
                        ├─ courier: listener parcel_packed first  1.0 ms
                        └─ labels: listener parcel_packed  40.0 ms  ✗ vetoed: no labels for bombs

            """)
        #expect(try text(await pack(desk, "piano", grams: 90_000)) == """
            └─ write  3.0 ms  undone
               └─ create parcel  3.0 ms  undone
                  ├─ parcels: prepare parcel  1.0 ms
                  │     size: – → large
                  └─ parcels: validate parcel  2.0 ms  ✗ vetoed: breaks a rule
                        grams: is more than we carry

            """)
    }

    @Test func `tells a refusal of the product from one of a plugin`() async throws {
        let desk = try await Desk(ParcelService(watch: watch).parts, clock: watch.clock)
        let trace = await trace(desk) {
            try await desk.store.write(as: desk.system) { _ = try $0.transaction.insert(Parcel.self) { $0[Parcel.grams] = 5 } }
        }
        #expect(try text(trace).contains("create parcel  3.0 ms  ✗ refused: the parcel cannot be saved as it is"))
        #expect(try text(trace).contains("title: is required"))
    }

    @Test func `goes on with the deliveries that the change queued, again when they are tried again`() async throws {
        let service = ParcelService(watch: watch)
        let desk = try await Desk(service.parts, clock: watch.clock)
        let store = desk.store
        let deliveries = Deliveries(
            engine: store.engine, clock: desk.clock, registry: { store.registry }, calls: store.calls, log: { _ in }
        ) { _, _, plugin in Context(StoreContext(store: store, actor: .system("test", rights: .empty), plugin: plugin)) }
        let trace = await pack(desk, "Ada", grams: 10)
        let untraced = try await store.write(as: desk.system) { try $0.transaction.insert(Parcel.self) { $0[Parcel.title] = "Ben" }.id }
        try await deliveries.deliverDue()
        #expect(service.recorder.entries == ["told of 1", "told of \(untraced)"])
        let told = trace.current.steps.filter { $0.kind == .call(.after) }
        #expect(told.map(\.took) == [7_000_000])
        #expect(told.first?.outcome == .done)
        #expect(told.first?.event != nil)
        let place = try #require(told.first?.parent)
        #expect(trace.current.steps[place].name == "parcel_packed")
    }

    @Test func `events of a change that was undone are not followed`() async throws {
        let desk = try await Desk(ParcelService(watch: watch).parts, clock: watch.clock)
        _ = await trace(desk) {
            try await desk.store.write(as: desk.system) { transaction in
                _ = try transaction.transaction.insert(Parcel.self) { $0[Parcel.title] = "Ada" }
                throw CRMError.refused("no")
            }
        }
        for event in 0...3 { #expect(desk.store.calls.traces.scope(of: Int64(event)) == nil) }
    }

    @Test func `nothing is noted of what nobody traces`() async throws {
        let desk = try await Desk(ParcelService(watch: watch).parts, clock: watch.clock)
        try await desk.store.write(as: desk.system) { transaction in
            #expect(transaction.core.recorder == nil)
            #expect(!(transaction.connection is TracedConnection))
            _ = try transaction.transaction.insert(Parcel.self) { $0[Parcel.title] = "Ada" }
        }
        #expect(desk.store.calls.traces.all(of: nil, at: desk.clock.now).isEmpty)
    }

    @Test func `a request of very many steps is cut, and says so`() async throws {
        let trace = Trace(id: "0", user: nil, request: "", at: Moment(milliseconds: 0), clock: watch.clock)
        for _ in 0..<(Trace.most + 5) { trace.end(trace.begin(.read, "", in: -1)) }
        #expect(trace.current.steps.count == Trace.most)
        #expect(trace.current.left == 5)
    }

    @Test func `only the latest traces are kept, for some minutes`() async throws {
        let traces = Traces(clock: watch.clock)
        let now = Moment(milliseconds: 1_000_000)
        let first = traces.begin("GET /", user: 1, at: now)
        for _ in 0..<Traces.most { _ = traces.begin("GET /", user: 1, at: now) }
        #expect(traces.find(first.id, at: now) == nil)
        #expect(traces.all(of: 1, at: now).count == Traces.most)
        #expect(traces.all(of: 2, at: now).isEmpty)
        #expect(traces.all(of: 1, at: now.adding(seconds: 60 * Traces.minutes + 1)).isEmpty)
    }
}
