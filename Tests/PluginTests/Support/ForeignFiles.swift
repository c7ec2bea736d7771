import Foundation
import PluginAPI

@testable import Kernel

/// Files that nobody here wrote. They are no part of the project: tests over them run where a folder `shared/data` lies beside the
/// checkout, or `TENON_SAMPLE_DATA` names one.
enum ForeignFiles {
    static let folder: String? = {
        let named: String? = ProcessInfo.processInfo.environment["TENON_SAMPLE_DATA"]
        var checkout = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { checkout.deleteLastPathComponent() }
        let path: String = named ?? checkout.deletingLastPathComponent().appendingPathComponent("shared/data").path
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }()

    static var areThere: Bool { folder != nil }

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder ?? "")/\(name)")))
    }
}

/// Imports into a deployment of tests, each with the little that a person has to say about it.
struct ImportRoom {
    let host: SalesHost
    let importer: Importer

    init(_ plugins: [String] = ["customers", "leads", "deals"]) async throws {
        host = try await SalesHost(plugins)
        importer = Importer(store: host.store, clock: host.clock, folder: host.folder.appendingPathComponent("imports").path)
    }

    func upload(_ bytes: [UInt8], _ name: String, _ entity: String, _ plan: String = "{}", as role: DefaultRole = .administrator) async throws -> ImportRecord {
        let actor: Actor = try host.actor(role)
        let record: ImportRecord = try await importer.add(bytes, fileName: name, entity: entity, options: CSVOptions(), actor: actor)
        return try await importer.change(record.id, JSONValue(parsing: Array(plan.utf8)), actor: actor)
    }

    func finish(_ step: ImportState, _ record: ImportRecord, as role: DefaultRole = .administrator) async throws -> ImportRecord {
        let actor: Actor = try host.actor(role)
        _ = try await importer.begin(step, record.id, actor: actor)
        return try await importer.wait(record.id, actor: actor)
    }

    func run(_ bytes: [UInt8], _ name: String, _ entity: String, _ plan: String = "{}") async throws -> ImportRecord {
        try await finish(.running, upload(bytes, name, entity, plan))
    }

    func count(_ table: String, where condition: String = "1 = 1") async throws -> Int64 {
        try await host.store.engine.read { try $0.integer("SELECT count(*) FROM \"\(table)\" WHERE \(condition)") ?? 0 }
    }
}
