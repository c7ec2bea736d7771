import FoundationEssentials

/// The data of a released version, kept by the plugin in `Tests/Released/<version>`: the database as that version left it, and how
/// many records of each entity are in it.
struct ReleasedData: Sendable {
    let folder: String
    var version: String { URL(filePath: folder).lastPathComponent }

    /// All that a plugin keeps, the oldest first.
    static func all(of plugin: PluginPackage) -> [ReleasedData] {
        let parent = plugin.folder + "/Tests/Released"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        return names.map { ReleasedData(folder: parent + "/" + $0) }
            .filter { FileManager.default.fileExists(atPath: $0.folder + "/tenon.sqlite") }
            .sorted { $0.numbers.lexicographicallyPrecedes($1.numbers) }
    }

    private var numbers: [Int] { version.split(separator: ".").map { Int($0) ?? 0 } }

    /// How many records there were, by the entity's plural.
    func counts() throws -> [JSON.Member] {
        guard let bytes = FileManager.default.contents(atPath: folder + "/records.json") else {
            throw HostProblem("there is no \(folder)/records.json")
        }
        return try JSON(parsing: Array(bytes)).members
    }
}

extension PluginCompatTest {
    /// Makes records of every entity with the present version and keeps the database for later versions. Returns the folder, which is
    /// not there yet.
    public func keepRelease() async throws -> String {
        let bench = try await CompatBench(TestHost.start(chosen(), with: companions, product: product), samples: samples)
        let folder = bench.plugin.folder + "/Tests/Released/" + bench.plugin.manifest["version"].text
        guard !FileManager.default.fileExists(atPath: folder) else {
            throw HostProblem("\(folder) is there already: what is released does not change. Raise the version in plugin.json.")
        }
        for entity in bench.own where entity.rights.contains("create") {
            for _ in 0..<3 { try await bench.make(entity) }
        }
        try await bench.host.settle()
        var counts: [JSON.Member] = []
        for entity in bench.own { counts.append(.init(entity.path, try await bench.host.read("\(entity.path)?count=true&limit=1")["total"])) }
        try await bench.host.stop()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: bench.host.data + "/tenon.sqlite", toPath: folder + "/tenon.sqlite")
        try Data((JSON.object(counts).description + "\n").utf8).write(to: URL(filePath: folder + "/records.json"))
        return folder
    }
}

/// What users of earlier versions have keeps working.
enum ReleasedChecks {
    static let all: [CompatCheck] = [
        CompatCheck("released-data-opens", "The data of every released version opens with this one, with all its records.") { bench in
            var findings: [String] = []
            for data in ReleasedData.all(of: bench.plugin) {
                let host: TestHost
                do { host = try await bench.host.sibling(on: data) } catch {
                    findings.append("\(data.version): \(error)")
                    continue
                }
                for count in try data.counts() {
                    guard let entity = bench.own.first(where: { $0.path == count.name }) else {
                        findings.append("\(data.version): there are no \(count.name) any more")
                        continue
                    }
                    let now = try await host.read("\(entity.path)?count=true&limit=1")["total"]
                    if now != count.value { findings.append("\(data.version): of \(count.value) \(count.name) there are \(now)") }
                    for path in ["/admin/\(entity.path)", "/api/v1/\(entity.path)"] where try await host.get(path).status != 200 {
                        findings.append("\(data.version): \(path) does not answer")
                    }
                }
                try await host.stop()
            }
            return findings
        }
    ]
}
