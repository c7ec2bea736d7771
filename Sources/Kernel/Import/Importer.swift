import PluginAPI
import Synchronization

/// Takes files in: keeps them, guesses what they mean, tries them out, stores them and takes them back.
///
/// A run that refuses bad rows as a whole is one transaction: either all of the file is stored or nothing. A run that
/// skips them stores the good rows in batches, each with its place in the file, so that it can go on where it stopped.
final class Importer: Sendable {
    let files: ImportFiles
    let store: Store
    let clock: any Clock
    /// Where several servers work on one database: an import is under way at the one that has its lease.
    let leases: Leases?
    let state: Mutex<State> = Mutex(State())

    struct State {
        var running: [Int64: (progress: ImportProgress, task: Task<Void, Never>)] = [:]
        /// Those that are about to be.
        var beginning: Set<Int64> = []
        var own: Set<Int64> { beginning.union(running.keys) }
        /// What files hold, kept for the few imports that are being planned.
        var analyses: [Int64: FileAnalysis] = [:]
    }

    static let batchRows: Int = 500
    private static let keptAnalyses: Int = 8

    init(store: Store, clock: any Clock, folder: String, leases: Leases? = nil) {
        self.leases = leases
        self.store = store
        self.clock = clock
        files = ImportFiles(folder: folder)
    }

    /// Keeps an uploaded file and plans its import as far as the file tells.
    func add(
        _ file: [UInt8], fileName: String, entity name: String, options given: CSVOptions, actor: Actor
    ) async throws -> ImportRecord {
        let (bytes, form) = try Self.table(file, given)
        var options: CSVOptions = form
        options.encoding = form.encoding ?? EncodingGuess.encoding(of: bytes)
        let analysis: FileAnalysis = try Self.analysis(.bytes(bytes), options)
        let now: Moment = clock.now
        let record: ImportRecord = try await store.write(as: actor) { tx in
            let entity: EntityModel = try Self.entity(name, in: tx.registry)
            try actor.require("import", on: entity)
            var details: ImportRecord.Details = try Self.details(for: analysis, of: entity, actor: actor, in: tx)
            details.plan.encoding = analysis.format.encoding
            details.plan.encodingIsGuessed = given.encoding == nil
            details.plan.delimiter = String(UnicodeScalar(analysis.format.delimiter))
            var record = ImportRecord(
                id: 0, entity: entity.name, userID: actor.userID, fileName: String(fileName.prefix(200)), state: .uploaded,
                details: details, counts: ImportRecord.Counts(total: analysis.rowCount), createdAt: now)
            record.id = try ImportLedger.add(record, tx.connection)
            return record
        }
        try files.keep(bytes, of: record.id)
        if leases != nil { try await store.engine.write { try SharedImportFiles.store(bytes, .upload, of: record.id, $0) } }
        remember(analysis, of: record.id)
        return record
    }

    /// One import that the user may see, as far as it is now.
    func find(_ id: Int64, actor: Actor) async throws -> ImportRecord {
        let found: ImportRecord? = try await store.read(as: actor) { tx in try ImportLedger.find(id, tx.connection) }
        guard var record = found, actor.isElevated || record.userID == actor.userID || actor.can(.seeOperations) else {
            throw CRMError(.notFound, "there is no import \(id)")
        }
        if let progress = state.withLock({ $0.running[id]?.progress }) {
            record.counts = progress.now
        } else if leases != nil {
            // Another server may have taken it in, or tried it out.
            try await SharedImportFiles.fetch(record, to: files, store.engine)
        }
        return record
    }

    func list(actor: Actor) async throws -> [ImportRecord] {
        let user: Int64? = actor.isElevated || actor.can(.seeOperations) ? nil : actor.userID
        if user == nil && !actor.isElevated && !actor.can(.seeOperations) { return [] }
        return try await store.read(as: actor) { tx in try ImportLedger.list(user: user, limit: 100, tx.connection) }
    }

    /// What the file of an import holds.
    func analysis(of record: ImportRecord) throws -> FileAnalysis {
        // Somebody may have had another server read the file in another way.
        if let known = state.withLock({ $0.analyses[record.id] }), known.format.isMeant(by: record.details.plan) { return known }
        let analysis: FileAnalysis = try Self.analysis(.file(files.path(of: record.id)), record.details.plan.csvOptions)
        remember(analysis, of: record.id)
        return analysis
    }

    /// Takes over what a person decided.
    func change(_ id: Int64, _ json: JSONValue, actor: Actor) async throws -> ImportRecord {
        var record: ImportRecord = try await find(id, actor: actor)
        guard !record.state.isBusy, record.state != .done, record.state != .reverted else {
            throw CRMError(.refused, "the import \(id) has begun already", hint: "Upload the file again for another import.")
        }
        let entityName: String = record.entity
        let entity: EntityModel = try await store.read(as: actor) { tx in try tx.registry.require(entityName) }
        let isReadAnew: Bool = json["encoding"] != nil || json["delimiter"] != nil
        let analysis: FileAnalysis = isReadAnew ? try reread(&record, as: json, entity, actor: actor) : try analysis(of: record)
        let fields: [FieldDescription] = RowImporter.writableFields(of: entity, for: actor).map(\.description)
        try record.details.plan.apply(json, analysis: analysis, fields: fields)
        record.state = .uploaded
        record.error = nil
        let changed: ImportRecord = record
        try await store.write(as: actor) { tx in try ImportLedger.update(changed, tx.connection) }
        if isReadAnew { remember(analysis, of: id) }
        return changed
    }

    /// Forgets an import and its file. What it stored stays, and cannot be taken back any more.
    func remove(_ id: Int64, actor: Actor) async throws {
        let record: ImportRecord = try await find(id, actor: actor)
        guard !record.state.isBusy else { throw CRMError(.refused, "the import \(id) is under way", hint: "Wait until it is done.") }
        try await store.write(as: actor) { tx in
            try ImportLedger.remove(id, tx.connection)
            try SharedImportFiles.remove(id, tx.connection)
            try ChangeSetLedger.removeImport(id, tx.connection)
        }
        state.withLock { $0.analyses[id] = nil }
        files.remove(id)
    }

    private static func entity(_ name: String, in registry: Registry) throws -> EntityModel {
        if let entity = registry.entity(path: name) { return entity }
        return try registry.require(name)
    }

    private func remember(_ analysis: FileAnalysis, of id: Int64) {
        state.withLock { state in
            state.analyses[id] = analysis
            while state.analyses.count > Self.keptAnalyses, let oldest = state.analyses.keys.min() { state.analyses[oldest] = nil }
        }
    }
}
