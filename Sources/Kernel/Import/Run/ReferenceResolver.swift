import PluginAPI

/// Finds the records that cells name: by a unique field or the label, else by id. Remembers what it found, since the same
/// few names come thousands of times.
struct ReferenceResolver {
    private struct Key: Hashable {
        var entity: String
        var text: String
    }

    private let registry: Registry
    private let actor: Actor
    private let plan: ImportPlan
    private var found: [Key: [RecordData]] = [:]
    /// What was said about names of other kinds of record that nobody bears: no row of this file can change it.
    private var missing: [Key: CellReader.Fault] = [:]
    /// Records made for names that nobody knew, since they were last taken.
    private var created: [(key: Key, record: RecordData)] = []

    init(plan: ImportPlan, registry: Registry, actor: Actor) {
        self.plan = plan
        self.registry = registry
        self.actor = actor
    }

    /// The id that a text names; nil where an unknown name is to leave the field empty.
    /// `siblings`: references already known of the same row, which decide between records of the same name.
    /// `isComplete`: all of them are known that ever will be.
    /// `mayFollow`: a record of the imported kind may still come further down in the file; its absence is then told as such.
    mutating func resolve(
        _ text: String, entity name: String, siblings: [String: Value], mayFollow: Bool, isComplete: Bool,
        in backend: any TransactionBackend
    ) throws(CellReader.Fault) -> RecordID? {
        if let known = missing[Key(entity: name, text: text)] { throw known }
        guard let entity = registry.entity(name) else { throw CellReader.Fault("points at \(name), which is switched off") }
        let candidates: [RecordData]
        do {
            candidates = try self.candidates(text, entity, backend)
        } catch {
            throw CellReader.Fault(RowImporter.message(of: error))
        }
        if candidates.count == 1 { return candidates[0].id }
        if candidates.count > 1 { return try choose(text, entity, candidates, siblings, isComplete, backend) }
        if mayFollow && name == plan.entity { throw CellReader.Fault("is not there yet", mayFollow: true) }
        let isCreated: Bool = plan.createMissing.contains { $0 == entity.name || $0 == entity.path }
        switch isCreated ? .create : plan.unknownReferences {
        case .leaveEmpty:
            return nil
        case .create:
            // The new record may take over some of the row's other references: first let them be known.
            guard isComplete else { throw CellReader.Fault("is not there yet") }
            return try create(text, entity, siblings, backend)
        case .refuse:
            let hint: String = nearest(to: text, entity, backend).map { ", did you mean \(CellReader.quoted($0))?" } ?? ""
            let kind: String = entity.title.lowercased()
            let fault = CellReader.Fault(
                "there is no \(kind) \(CellReader.quoted(text))\(hint)", fact: "there is no \(kind) of this name",
                hint: "Let the import add the \(entity.pluralTitle.lowercased()) that are missing, or leave the field empty where there is none; or correct the names.")
            if name != plan.entity { missing[Key(entity: name, text: text)] = fault }
            throw fault
        }
    }

    /// The records that the last row made for names that nobody knew.
    mutating func takeCreated() -> [RecordData] {
        defer { created = [] }
        return created.map(\.record)
    }

    /// Forgets the records that the last row made, because the row was undone and they with it.
    mutating func undoCreated() {
        for (key, _) in created { found[key] = nil }
        created = []
    }

    /// Forgets all records: those that rows have made are not there any more.
    mutating func forgetFound() {
        found = [:]
        created = []
    }

    private mutating func candidates(
        _ text: String, _ entity: EntityModel, _ backend: any TransactionBackend
    ) throws -> [RecordData] {
        let key = Key(entity: entity.name, text: text)
        if let known = found[key] { return known }
        let names: [String] = entity.fields.filter { field in
            field.isStored && field.type == .text && (field.description.isUnique || field.name == entity.labelField)
                && actor.mask(field.name, of: entity.name) != .hidden
        }.map(\.name)
        var result: [RecordData] = []
        for name in names where result.isEmpty {
            result = try backend.all(entity.name, where: .compare(name, .equal, .value(.text(text))), sort: [], limit: 20)
        }
        let lower: String = text.lowercased()
        for name in names where result.isEmpty {
            let beginning: Filter = .compare(name, .startsWith, .value(.text(text)))
            result = try backend.all(entity.name, where: beginning, sort: [], limit: 50).filter { record in
                if case .text(let value) = record[name] { value.lowercased() == lower } else { false }
            }
        }
        if result.isEmpty, let id = Int64(text), id > 0, let record = try backend.find(entity.name, RecordID(id)) {
            result = [record]
        }
        if !result.isEmpty { found[key] = result }
        return result
    }

    /// Of several records with the name, the one that agrees with the row's other references; where the row has none, the
    /// one that belongs to a default.
    private func choose(
        _ text: String, _ entity: EntityModel, _ candidates: [RecordData], _ siblings: [String: Value],
        _ isComplete: Bool, _ backend: any TransactionBackend
    ) throws(CellReader.Fault) -> RecordID {
        var remaining: [RecordData] = candidates
        for field in entity.fields where !field.isSystem && field.target != nil {
            guard let wanted = siblings[field.name], !wanted.isEmpty else { continue }
            remaining = remaining.filter { $0[field.name] == wanted }
        }
        if remaining.count > 1 && isComplete {
            let ofDefault: [RecordData] = remaining.filter { belongsToDefault($0, entity, backend) }
            if ofDefault.count == 1 { remaining = ofDefault }
        }
        if remaining.count == 1 { return remaining[0].id }
        let count: Int = remaining.isEmpty ? candidates.count : remaining.count
        let path: String = entity.pluralTitle.lowercased()
        throw CellReader.Fault("\(CellReader.quoted(text)) names \(count) \(path); give the id instead", fact: "names several \(path); give the id instead")
    }

    private func belongsToDefault(
        _ record: RecordData, _ entity: EntityModel, _ backend: any TransactionBackend
    ) -> Bool {
        for field in entity.fields where !field.isSystem {
            guard case .reference(let name) = field.type, case .integer(let id) = record[field.name] else { continue }
            let parent: RecordData? = (try? backend.find(name, RecordID(id))) ?? nil
            if parent?["is_default"] == .boolean(true) { return true }
        }
        return false
    }

    private mutating func create(
        _ text: String, _ entity: EntityModel, _ siblings: [String: Value], _ backend: any TransactionBackend
    ) throws(CellReader.Fault) -> RecordID {
        do {
            var record: RecordData = try backend.blank(entity.name)
            record[entity.labelField] = .text(text)
            for field in entity.fields where !field.isSystem && field.target != nil {
                if let value = siblings[field.name], record[field.name].isEmpty { record[field.name] = value }
            }
            let saved: RecordData = try backend.save(entity.name, record)
            let key = Key(entity: entity.name, text: text)
            created.append((key, saved))
            found[key] = [saved]
            return saved.id
        } catch {
            let reason: String = RowImporter.message(of: error)
            throw CellReader.Fault(
                "there is no \(entity.title.lowercased()) \(CellReader.quoted(text)), and it could not be made: \(reason)",
                fact: "there is no \(entity.title.lowercased()) of this name, and it could not be made: \(reason)")
        }
    }

    /// A name that is spelt much like the text, for the message.
    private func nearest(to text: String, _ entity: EntityModel, _ backend: any TransactionBackend) -> String? {
        let records: [RecordData] = (try? backend.all(entity.name, where: .everything, sort: [], limit: 500)) ?? []
        var best: (similarity: Double, name: String)?
        let wanted: String = HeaderWords(text).joined
        for record in records {
            guard case .text(let name) = record[entity.labelField] else { continue }
            let similarity: Double = EditDistance.similarity(wanted, HeaderWords(name).joined)
            if similarity >= 0.75, similarity > best?.similarity ?? 0 { best = (similarity, name) }
        }
        return best?.name
    }
}
