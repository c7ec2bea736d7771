import PluginAPI

/// Names of an entity's fields as a value: a text such as `value,expected_close_date`.
enum FieldNames {
    /// The names in a text, each once, in its order.
    static func list(_ text: String) -> [String] {
        var seen: Set<String> = []
        return text.split(separator: ",").map { String($0).trimmed }.filter { !$0.isEmpty && seen.insert($0).inserted }
    }

    /// The text in its canonical form.
    static func normalized(_ text: String) -> String { list(text).joined(separator: ",") }

    /// What is wrong with a text, or nil. While the entity is switched off, nobody can tell.
    static func problem(_ text: String, of entity: EntityModel?, in field: FieldDescription) -> String? {
        guard let entity else { return nil }
        let known: Set<String> = Set(entity.nameableFields(in: field).map(\.name))
        let wrong: [String] = list(text).filter { !known.contains($0) }
        guard !wrong.isEmpty else { return nil }
        let plural: String = entity.pluralTitle.lowercased()
        return "names \(wrong.map { "\"\($0.prefix(60))\"" }.joined(separator: ", ")), which \(wrong.count == 1 ? "is no field" : "are no fields") of \(plural) that people fill in"
    }

    /// The names as people read them.
    static func labels(_ text: String, of entity: EntityModel?) -> String {
        list(text).map { name in entity?.field(name)?.label ?? name.readable }.joined(separator: ", ")
    }
}

extension EntityModel {
    /// Those of ``nameableFields`` that a text may name.
    func nameableFields(in text: FieldDescription) -> [FieldModel] {
        nameableFields.filter { field in
            if text.namesNot.contains(field.name) { return false }
            guard let targets = text.namesPointingAt, let target = field.target else { return true }
            return !field.isList && targets.contains(target)
        }
    }

    /// The fields that people fill in, and that other records may name therefore: custom ones included.
    var nameableFields: [FieldModel] {
        storedFields.filter { field in
            let isTheirs: Bool = !field.isSystem && !field.description.isReadOnly && !field.description.isHidden
            return isTheirs && field.formula == nil && field.type != .json
        }
    }
}

extension StoreTransaction {
    /// Which of the fields that a text names are there and empty.
    func emptyFields(_ entity: String, _ record: RecordData, among names: String) throws -> [FieldDescription] {
        let model: EntityModel = try registry.require(entity)
        return FieldNames.list(names).compactMap(model.field).filter { $0.isStored && record.values[$0.place].isEmpty }.map(\.description)
    }
}
