import PluginAPI

/// `GET /api/v1/schema`: all that a front needs to know of the entities, as far as the caller may see them.
struct SchemaAPI: Sendable {
    let kernel: Kernel

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        guard rest.isEmpty else { throw APIFront.unknown(request) }
        let registry = kernel.store.registry
        let settings = kernel.store.settings
        let actor = caller.actor
        return .json(
            JSONWriter.object { json in
                json.key("product")
                json.beginObject()
                json.field("name", settings.name)
                json.field("version", Kernel.version)
                json.endObject()
                json.key("user")
                if let id = actor.userID, let person = actor.rights.people[id] {
                    json.beginObject()
                    json.field("id", id)
                    json.field("name", person.name)
                    json.endObject()
                } else {
                    json.null()
                }
                json.field("currency", settings.currency.code)
                json.key("entities")
                json.beginArray()
                for entity in registry.entities where actor.can("view", on: entity.name) {
                    SchemaAPI.write(&json, entity, registry, actor)
                }
                json.endArray()
            })
    }

    private static func write(_ json: inout JSONWriter, _ entity: EntityModel, _ registry: Registry, _ actor: Actor) {
        json.beginObject()
        json.field("name", entity.name)
        json.field("path", entity.path)
        json.field("title", entity.title)
        json.field("plural_title", entity.pluralTitle)
        json.field("group", entity.schema.menuGroup)
        json.field("icon", entity.schema.iconName)
        json.field("plugin", entity.plugin)
        json.field("label_field", entity.labelField)
        json.field("is_lookup", entity.schema.isLookup)
        json.field("has_board", entity.board != nil)
        json.key("boards")
        json.beginArray()
        for board in entity.boards where actor.mask(board.by, of: entity.name) != .hidden {
            json.beginObject()
            json.field("name", board.name)
            json.field("title", board.title)
            json.field("by", board.by)
            json.field("is_by_month", board.isByMonth)
            json.field("within", board.within)
            json.field("sums", board.sums.filter { actor.mask($0, of: entity.name) != .hidden })
            json.field("rows", board.rows.filter { actor.mask($0, of: entity.name) != .hidden })
            json.endObject()
        }
        json.endArray()
        json.key("marks")
        json.beginArray()
        for mark in entity.marks {
            json.beginObject()
            json.field("name", mark.name)
            json.field("title", mark.title)
            json.field("color", mark.color)
            json.field("help", mark.help)
            json.endObject()
        }
        json.endArray()
        json.field("sets_aside", entity.aside != nil)
        json.key("list")
        json.beginObject()
        json.field("columns", entity.list.columns)
        json.field("filters", entity.list.filters)
        json.field("sort", (entity.list.sort.descending ? "-" : "") + entity.list.sort.field)
        json.field("cards", entity.extras.cards)
        json.key("counts")
        json.beginArray()
        for count in RecordCounts.columns(entity, registry, actor) {
            json.beginObject()
            json.field("name", count.name)
            json.field("label", count.title)
            json.field("path", registry.entity(count.child)?.path)
            json.field("field", count.field)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        json.field("ordered", entity.positionField != nil)
        json.key("sections")
        json.beginArray()
        for section in entity.sections {
            json.beginObject()
            json.field("title", section.title)
            json.field("fields", section.fields)
            json.endObject()
        }
        json.endArray()
        json.key("presets")
        json.beginArray()
        for preset in entity.presets {
            json.beginObject()
            json.field("title", preset.title)
            json.field("query", ListQuery.items(preset.filter)?.encoded)
            json.endObject()
        }
        json.endArray()
        json.key("links")
        json.beginArray()
        for related in RelatedLinks.all(entity, registry) where actor.can("view", on: related.link.entity.name) && related.link.field.isStored {
            json.beginObject()
            json.field("entity", related.link.entity.name)
            json.field("path", related.link.entity.path)
            json.field("field", related.link.field.name)
            json.field("title", related.list.map(\.title).flatMap { $0.isEmpty ? nil : $0 } ?? related.link.entity.pluralTitle)
            json.field("columns", related.list?.columns ?? [])
            json.endObject()
        }
        json.endArray()
        json.field("rights", rights(of: entity, actor))
        json.key("fields")
        json.beginArray()
        for field in entity.fields where field.isStored && actor.mask(field.name, of: entity.name) != .hidden {
            write(&json, field, isReadOnly: field.isSystem || field.description.isReadOnly || actor.mask(field.name, of: entity.name) == .readOnly)
        }
        json.endArray()
        json.key("actions")
        json.beginArray()
        for action in entity.actions {
            json.beginObject()
            json.field("name", action.name)
            json.field("title", action.title)
            json.field("summary", action.summary)
            json.field("style", action.style.rawValue)
            json.key("fields")
            json.beginArray()
            for (place, description) in action.fields.enumerated() {
                write(&json, FieldModel(description, place: place, plugin: action.plugin), isReadOnly: false)
            }
            json.endArray()
            json.endObject()
        }
        json.endArray()
        json.key("panels")
        json.beginArray()
        for panel in entity.panels {
            json.beginObject()
            json.field("name", panel.name)
            json.field("title", panel.title)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }

    static func rights(of entity: EntityModel, _ actor: Actor) -> [String] {
        entity.rights.filter { actor.can($0, on: entity.name) }
    }

    private static func write(_ json: inout JSONWriter, _ field: FieldModel, isReadOnly: Bool) {
        let description = field.description
        json.beginObject()
        json.field("name", field.name)
        json.field("label", field.label)
        json.field("type", field.type.name)
        json.field("required", description.mustBeGiven)
        json.field("read_only", isReadOnly)
        json.field("hidden", description.isHidden)
        json.field("system", field.isSystem)
        json.field("unique", description.isUnique)
        json.field("searchable", description.isSearchable)
        json.field("owner", description.isOwner)
        json.field("toggle", description.isToggle)
        json.field("custom", description.isCustom)
        if let formula = field.formula { json.field("formula", formula) }
        if let demand = description.formulaOn {
            json.key("formula_on")
            json.beginObject()
            json.field("entity", demand.entity)
            json.field("result", demand.result.rawValue)
            json.endObject()
        }
        if description.isDerived { json.field("derived", true) }
        json.field("help", description.help)
        json.field("format", description.format.rawValue)
        if case .text = field.type { json.field("max_length", field.maxLength) }
        if case .decimal(let scale) = field.type { json.field("scale", scale) }
        if description.defaultValue != .null {
            json.key("default")
            json.value(description.defaultValue)
        }
        if case .choice(let options) = field.type {
            json.key("options")
            json.beginArray()
            for option in options {
                json.beginObject()
                json.field("key", option.key)
                json.field("label", option.label)
                json.field("color", option.color)
                json.endObject()
            }
            json.endArray()
        }
        if let target = field.target { json.field("target", target) }
        if let entity = description.namesFieldsOf { json.field("names_fields_of", entity) }
        if let condition = description.shownWhen {
            json.key("shown_when")
            json.beginObject()
            json.field("field", condition.field)
            json.key("values")
            json.beginArray()
            for value in condition.values { json.value(value) }
            json.endArray()
            json.endObject()
        }
        json.endObject()
    }
}

extension FieldType {
    /// The type's name in the API.
    var name: String {
        switch self {
        case .text: "text"
        case .integer: "integer"
        case .boolean: "boolean"
        case .decimal: "decimal"
        case .money: "money"
        case .day: "day"
        case .moment: "moment"
        case .reference: "reference"
        case .references: "references"
        case .choice: "choice"
        case .json: "json"
        }
    }
}
