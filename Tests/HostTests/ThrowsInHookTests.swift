import PluginAPI
import Testing

@testable import Kernel

@Suite struct ThrowsInHookTests {
    @Test func `a change that a hook throws at is refused with the hook's reason, and nothing of it is stored`() async throws {
        let running: Deployment.Running = try await Deployment("ThrowsInHook").start()
        let parcel: RecordData = try await running.store.write(as: running.administrator) { transaction in
            var parcel: RecordData = try transaction.blank("parcel")
            parcel["label"] = .text("Books")
            return try transaction.save("parcel", parcel)
        }
        let refusal: CRMError? = await #expect(throws: CRMError.self) {
            _ = try await running.store.write(as: running.administrator) { transaction in
                var sent: RecordData = parcel
                sent["is_sent"] = .boolean(true)
                return try transaction.save("parcel", sent)
            }
        }
        #expect(refusal?.code == .refused)
        #expect(refusal?.message == "the parcel has no weight")
        #expect(refusal?.hint == "Weigh it first.")
        let stored: RecordData? = try await running.store.read(as: running.administrator) { try $0.find("parcel", parcel.id) }
        #expect(stored?["is_sent"] == .boolean(false))
        #expect(stored?.version == 1)
    }

    @Test func `the same change with what the hook asks for goes through`() async throws {
        let running: Deployment.Running = try await Deployment("ThrowsInHook").start()
        let sent: RecordData = try await running.store.write(as: running.administrator) { transaction in
            var parcel: RecordData = try transaction.blank("parcel")
            parcel["label"] = .text("Books")
            parcel["weight"] = .integer(900)
            parcel["is_sent"] = .boolean(true)
            return try transaction.save("parcel", parcel)
        }
        #expect(sent["is_sent"] == .boolean(true))
    }
}
