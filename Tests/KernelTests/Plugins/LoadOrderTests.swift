import PluginAPI
import Testing

@testable import Kernel

@Suite struct LoadOrderTests {
    private func manifest(_ id: String, requires: [String] = [], optional: [String] = []) -> PluginManifest {
        PluginManifest(
            id: id, name: id, version: PluginVersion([1]), apiFrom: PluginVersion([1]), apiBelow: PluginVersion([2]), summary: "",
            licence: "", requires: requires, optional: optional, library: id)
    }

    @Test func `what is required comes first, optional where it is there, else by id`() {
        let order = LoadOrder([
            manifest("a", requires: ["z"]), manifest("b", optional: ["c", "nowhere"]), manifest("c"), manifest("z"), manifest("d"),
        ])
        #expect(order.ids == ["c", "b", "d", "z", "a"])
        #expect(order.reasons == [:])
    }

    @Test func `the order does not depend on how the plugins were found`() {
        let all: [PluginManifest] = [
            manifest("a", requires: ["d"]), manifest("b"), manifest("c", optional: ["a"]), manifest("d"), manifest("e", requires: ["b", "c"]),
        ]
        let first = LoadOrder(all)
        for _ in 0..<20 { #expect(LoadOrder(all.shuffled()) == first) }
    }

    @Test func `what requires a missing plugin is left out, and what requires that, each with its reason`() {
        let order = LoadOrder(
            [manifest("a", requires: ["b"]), manifest("b", requires: ["off"]), manifest("c"), manifest("d", requires: ["broken"])],
            installed: ["off", "broken"], failed: ["broken"])
        #expect(order.ids == ["c"])
        #expect(
            order.reasons == [
                "a": "requires the plugin b, which cannot start itself", "b": "requires the plugin off, which is switched off",
                "d": "requires the plugin broken, which cannot start itself",
            ])
    }

    @Test func `a circle is named by all who are in it, and by who requires one of them`() {
        let order = LoadOrder([
            manifest("a", requires: ["b"]), manifest("b", requires: ["c"]), manifest("c", requires: ["a"]), manifest("d", requires: ["a"]),
            manifest("e"),
        ])
        #expect(order.ids == ["e"])
        #expect(order.reasons["b"] == "requires itself in a circle: b → c → a → b")
        #expect(order.reasons["d"] == "requires the plugin a, which requires itself in a circle")
    }

    @Test func `two that can do without each other both start`() {
        let order = LoadOrder([manifest("a", optional: ["b"]), manifest("b", optional: ["a"])])
        #expect(order.ids == ["a", "b"])
    }
}
