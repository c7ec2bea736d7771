import PluginAPI
import Testing

@testable import Kernel

@Suite("What a transaction sets going")
struct CommitEffectsTests {
    private func touch(_ id: Int64) -> CommitEffects.Touch { CommitEffects.Touch(entity: "chore", id: id) }

    @Test("What came after a mark is forgotten, and what came before it stays")
    func goingBack() {
        var effects = CommitEffects()
        effects.touched = [touch(1), touch(2)]
        effects.hasJobs = true
        let mark: CommitEffects.Mark = effects.mark
        effects.touched.append(touch(3))
        effects.hasDeliveries = true
        effects.hasFormulaWork = true
        effects.goBack(to: mark)
        #expect(effects.touched == [touch(1), touch(2)])
        #expect(effects.hasJobs && !effects.hasDeliveries && !effects.hasFormulaWork)
        effects.goBack(to: mark)
        #expect(effects.touched.count == 2)
    }

    /// A file of many rows marks each: were all touches copied then, it would take the square of them.
    @Test("A mark copies nothing of what was set going so far")
    func markingCopiesNothing() {
        var effects = CommitEffects()
        effects.touched.reserveCapacity(100)
        func place() -> UnsafeRawPointer? { effects.touched.withUnsafeBufferPointer { $0.baseAddress.map { UnsafeRawPointer($0) } } }
        effects.touched.append(touch(1))
        let first: UnsafeRawPointer? = place()
        var marks: [CommitEffects.Mark] = []
        for id in Int64(2)...50 {
            marks.append(effects.mark)
            effects.touched.append(touch(id))
        }
        #expect(place() == first)
        effects.goBack(to: marks[10])
        #expect(effects.touched.count == 11)
    }
}
