import Foundation
import PluginTesting
import Testing

/// What users of an earlier version have is part of a plugin's tests.
@Suite struct ReleasedDataTests {
    /// That it opens, ``CompatTests`` looks at for every version that is kept.
    @Test(arguments: ["Customers", "Leads", "Deals"])
    func `every plugin of the product keeps the data of its released versions, with records in it`(_ name: String) throws {
        let folder: URL = Deployment.sources.appendingPathComponent("Plugins/\(name)/Tests/Released")
        let versions: [String] = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(versions.contains("1.0.0"))
        for version in versions {
            let counts = try JSON(parsing: [UInt8](Data(contentsOf: folder.appendingPathComponent(version + "/records.json"))))
            #expect(counts.members.contains { ($0.value.int ?? 0) > 0 }, "\(version)")
            #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent(version + "/tenon.sqlite").path))
        }
    }

    @Test func `the data of a released version is kept, opens with a later one, and tells of what got lost`() async throws {
        let place = try await Workplace()
        defer { place.remove() }
        let kept = try await PluginCompatTest(place.package(), product: .built()).keepRelease()
        #expect(kept == place.folder + "/Tests/Released/0.1.0")
        #expect(try String(contentsOfFile: kept + "/records.json", encoding: .utf8) == "{\"acme-loyalty-entries\":3}\n")
        await #expect(throws: HostProblem.self, "what is released does not change") {
            try await PluginCompatTest(place.package(), product: .built()).keepRelease()
        }

        try place.edit("plugin.json", "0.1.0", "0.2.0")
        try place.edit("Sources/AcmeLoyalty/Entry.swift", "    static let note =", "    static let points = Field<Int>(\"points\", .byDefault(3))\n    static let note =")
        try place.edit("Sources/AcmeLoyalty/Entry.swift", "state, note)", "state, points, note)")
        try await place.build()
        let later = try await PluginCompatTest(place.package(), product: .built()).report()
        #expect(later.isClean, "\(later)")

        try place.edit("Sources/AcmeLoyalty/Entry.swift", "Schema(\"acme_loyalty_entry\"", "Schema(\"acme_loyalty_thing\"")
        try await place.build()
        let lost = try await PluginCompatTest(place.package(), product: .built()).report()
        #expect(lost.breaches.map(\.check) == ["released-data-opens"], "\(lost)")
        #expect(lost.description.contains("0.1.0: there are no acme-loyalty-entries any more"))
    }
}
