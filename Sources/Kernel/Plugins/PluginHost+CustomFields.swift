import PluginAPI

extension PluginHost {
    /// The fields that administrators made, in the order in which they were made.
    func customFields() throws -> [CustomField] { try requireLedger().customFields }

    /// The fields that were taken away and whose data is still there.
    func removedFields() throws -> [CustomField] { try requireLedger().fields.filter(\.isRemoved).map(\.field) }

    /// Makes a field: a column, and at once in every list, form, filter and file. One that was taken away and has the same
    /// type comes back with its data.
    func addField(_ name: String, to entity: String, _ definition: CustomFieldDefinition, by actor: Actor) async throws {
        try actor.require(.customizeFields)
        try await changing {
            var ledger: PluginLedger = try requireLedger()
            let definition: CustomFieldDefinition = try settled(definition, entity)
            try check(name, entity, definition, ledger)
            let json: String = try definition.json
            if let removed = ledger.fields.first(where: { $0.field.entity == entity && $0.field.name == name }) {
                guard removed.isRemoved else { throw Self.taken(name, entity, by: "a custom field") }
                try Self.requireSameType(removed.field, definition)
            }
            let before: CustomFieldDefinition? = ledger.fields.first { $0.field.entity == entity && $0.field.name == name }?.field.definition
            let now: Moment = clock.now
            try await apply(&ledger, entity, filling: definition.kind == "formula" ? name : nil) { connection in
                try connection.execute(
                    """
                    INSERT INTO "tenon_custom_field" ("entity", "name", "definition", "removed_at") VALUES (?, ?, ?, NULL)
                    ON CONFLICT ("entity", "name") DO UPDATE SET "definition" = excluded."definition", "removed_at" = NULL
                    """, [.text(entity), .text(name), .text(json)])
                let id: Int64 = try connection.integer(
                    "SELECT \"id\" FROM \"tenon_custom_field\" WHERE \"entity\" = ? AND \"name\" = ?", [.text(entity), .text(name)]) ?? 0
                let field = CustomField(id: id, entity: entity, name: name, definition: definition)
                try PluginHistory.note(field, before == nil ? "created" : "restored", old: before, by: actor, at: now, connection)
            }
        }
    }

    /// Changes what a field is called and how it behaves; its type stays.
    func changeField(_ name: String, of entity: String, _ definition: CustomFieldDefinition, by actor: Actor) async throws {
        try actor.require(.customizeFields)
        try await changing {
            var ledger: PluginLedger = try requireLedger()
            let field: CustomField = try Self.field(name, of: entity, ledger, isRemoved: false)
            let definition: CustomFieldDefinition = try settled(definition, entity)
            try Self.requireSameType(field, definition)
            let json: String = try definition.json
            let isNew: Bool = definition.kind == "formula" && definition.formula != field.definition.formula
            let now: Moment = clock.now
            try await apply(&ledger, entity, filling: isNew ? name : nil) { connection in
                var changed: CustomField = field
                changed.definition = definition
                try PluginHistory.note(changed, "updated", old: field.definition, by: actor, at: now, connection)
                try connection.execute(
                    "UPDATE \"tenon_custom_field\" SET \"definition\" = ? WHERE \"id\" = ?", [.text(json), .integer(field.id)])
            }
        }
    }

    /// Takes a field away. Its data stays until it is purged.
    func removeField(_ name: String, of entity: String, by actor: Actor) async throws {
        try actor.require(.customizeFields)
        try await changing {
            var ledger: PluginLedger = try requireLedger()
            let field: CustomField = try Self.field(name, of: entity, ledger, isRemoved: false)
            let now: Moment = clock.now
            try await apply(&ledger, entity) { connection in
                try PluginHistory.note(field, "removed", old: field.definition, by: actor, at: now, connection)
                try connection.execute(
                    "UPDATE \"tenon_custom_field\" SET \"removed_at\" = ? WHERE \"id\" = ?", [.integer(now.milliseconds), .integer(field.id)])
            }
        }
    }

    /// Deletes the data of a field that was taken away.
    func purgeField(_ name: String, of entity: String, by actor: Actor) async throws {
        try actor.require(.customizeFields)
        try await changing {
            var ledger: PluginLedger = try requireLedger()
            let field: CustomField = try Self.field(name, of: entity, ledger, isRemoved: true)
            let now: Moment = clock.now
            try await apply(&ledger, entity) { connection in
                try PluginHistory.note(field, "purged", old: field.definition, by: actor, at: now, connection)
                let columns: Set<String> = try connection.columns(of: entity)
                let isMoney: Bool = field.definition.kind == "money" || field.definition.result == "money"
                for column in [name] + (isMoney ? [name + "_currency"] : []) where columns.contains(column) {
                    try connection.execute("ALTER TABLE \(quoted(entity)) DROP COLUMN \(quoted(column))")
                    try connection.execute(
                        "DELETE FROM \"tenon_owner\" WHERE \"kind\" = 'column' AND \"parent\" = ? AND \"name\" = ?",
                        [.text(entity), .text(column)])
                }
                try connection.execute("DELETE FROM \"tenon_custom_field\" WHERE \"id\" = ?", [.integer(field.id)])
                for table in ["tenon_formula_failure", "tenon_formula_work", "tenon_formula_broken"] {
                    try connection.execute("DELETE FROM \(quoted(table)) WHERE \"entity\" = ? AND \"field\" = ?", [.text(entity), .text(name)])
                }
            }
        }
    }

    /// Changes the record of fields and the entity's table in one transaction, then puts the new registry in place.
    private func apply(
        _ ledger: inout PluginLedger, _ entity: String, filling formula: String? = nil, _ change: @escaping @Sendable (any Connection) throws -> Void
    ) async throws {
        let (engine, parts) = (engine, lineup.parts)
        let owner: String? = Composition(parts: parts).owner(of: entity)?.part.id
        let (fields, plan, registry): ([PluginLedger.StoredField], String?, Registry) = try await engine.write { connection in
            try change(connection)
            let fields: [PluginLedger.StoredField] = try PluginLedger.fields(connection)
            let kept: [CustomField] = fields.filter { !$0.isRemoved }.map(\.field)
            guard case .registry(let registry) = RegistryBuilder.build(Composition(parts: parts, customFields: kept)) else {
                throw CRMError(.refused, "the field does not fit into the entity \(entity)")
            }
            guard let owner else { return (fields, nil, registry) }
            let migrator = SchemaMigrator(dialect: engine.dialect, registry: registry)
            try migrator.apply(owner, renames: [], connection)
            if let formula {
                // What is wrong only together with other fields, such as a circle.
                if let field = registry.fieldFormulas.field(formula, of: entity), field.formula == nil {
                    throw field.refusal?.error(in: "formula")
                        ?? CRMError(.invalid, "the formula cannot be used", problems: [Problem(field: "formula", field.problem)])
                }
                try FormulaWork.add(entity: entity, field: formula, connection)
            }
            return (fields, migrator.plan(of: owner), registry)
        }
        ledger.fields = fields
        if let owner { ledger.plans[owner] = plan }
        self.ledger = ledger
        await publish(registry)
    }

    /// What a formula comes to decides the type of its column.
    private func settled(_ given: CustomFieldDefinition, _ entity: String) throws -> CustomFieldDefinition {
        func problem(_ field: String, _ message: String) -> CRMError {
            CRMError(.invalid, "the custom field cannot be made", problems: [Problem(field: field, message)])
        }
        guard given.kind == "formula" else {
            if given.formula != nil { throw problem("formula", "belongs to fields of the type formula") }
            return given
        }
        guard let text = given.formula, !text.trimmed.isEmpty else { throw problem("formula", "is missing") }
        for (name, flag) in [("required", given.required), ("unique", given.unique), ("searchable", given.searchable)] where flag == true {
            throw problem(name, "does not go with a formula, whose value nobody gives")
        }
        let registry: Registry = store.registry
        let formula: Formula
        do { formula = try Formula(text, on: try registry.require(entity), in: registry, for: .field) } catch let refusal as FormulaRefusal {
            throw refusal.error(in: "formula")
        }
        guard let type = formula.fieldType else {
            let hint: String = if case .id = formula.kind { "Go on to a field of the record that it points at, such as its name." } else { "" }
            throw CRMError(
                .invalid, "the custom field cannot be made", hint: hint,
                problems: [Problem(field: "formula", "\(formula.kind.word) cannot be kept in a field")])
        }
        var definition: CustomFieldDefinition = given
        definition.result = type.name
        definition.scale = formula.scale > 0 ? formula.scale : nil
        definition.functions = formula.uses.functions.isEmpty ? nil : formula.uses.functions
        return definition
    }

    private func check(_ name: String, _ entity: String, _ definition: CustomFieldDefinition, _ ledger: PluginLedger) throws {
        let composition = Composition(parts: lineup.parts, customFields: [])
        guard let owner = composition.owner(of: entity) else {
            throw CRMError(.notFound, "there is no entity \(entity)", hint: "Its plugin may be switched off.")
        }
        func refuse(_ message: String) -> CRMError {
            CRMError(.invalid, "the custom field cannot be made", problems: [Problem(field: "name", message)])
        }
        guard NameForm.isSnakeCase(name) else {
            throw refuse("use small letters, digits and single underscores, beginning with a letter, 40 characters at most")
        }
        if composition.field(name, of: entity) != nil { throw Self.taken(name, entity, by: "the plugin \(owner.part.id)") }
        let description: FieldDescription = try definition.description(named: name)
        var kinds: [String: FieldKind] = Dictionary(owner.schema.fields.map { ($0.name, $0.description.kind) }) { first, _ in first }
        for field in ledger.fields where field.field.entity == entity { kinds[field.field.name] = try field.field.description.kind }
        if let reason = ReservedNamesCheck.reason(against: name, kinds) { throw refuse(reason) }
        if description.kind == .money, kinds[name + "_currency"] != nil { throw refuse("needs the name \(name)_currency for its currency, which is taken") }
        if !composition.isPresent(description) {
            throw CRMError(
                .invalid, "the custom field cannot be made",
                problems: [Problem(field: "target", "there is no entity \(definition.target ?? "")")])
        }
        let messages: [String] = FieldRulesCheck.messages(about: description)
        if !messages.isEmpty {
            throw CRMError(.invalid, "the custom field cannot be made", problems: messages.map { Problem(field: "", $0) })
        }
    }

    private static func taken(_ name: String, _ entity: String, by whom: String) -> CRMError {
        CRMError(
            .invalid, "the custom field cannot be made", problems: [Problem(field: "name", "\(entity) has a field \(name) from \(whom)")])
    }

    private static func field(
        _ name: String, of entity: String, _ ledger: PluginLedger, isRemoved: Bool
    ) throws -> CustomField {
        let stored: PluginLedger.StoredField? = ledger.fields.first { $0.field.entity == entity && $0.field.name == name }
        guard let stored, stored.isRemoved == isRemoved else {
            throw CRMError(
                .notFound, "\(entity) has no custom field \(name)" + (isRemoved ? " that was removed" : ""),
                hint: stored == nil ? "" : isRemoved ? "Remove it first." : "It was removed; add it again to have it back.")
        }
        return stored.field
    }

    /// The stored values must still be readable: a choice may gain and lose options, all else keeps its type.
    private static func requireSameType(_ field: CustomField, _ definition: CustomFieldDefinition) throws {
        let old = FieldType(try field.description.kind)
        let new = FieldType(try definition.description(named: field.name).kind)
        switch (old, new) {
        case (.choice, .choice): return
        default:
            if old == new { return }
            throw CRMError(
                .refused, "the custom field \(field.entity).\(field.name) holds \(old.word), not \(new.word)",
                hint: "Purge it first, which deletes its data, or use another name.")
        }
    }
}
