import PluginAPI

/// The description of the API (OpenAPI 3.1), made from the registry: what is enabled is described, and as far as the caller
/// may see it.
struct OpenAPIDocument {
    let registry: Registry
    let actor: Actor?

    var bytes: [UInt8] {
        JSONWriter.object { json in
            json.field("openapi", "3.1.0")
            json.object("info") {
                $0.field("title", "Tenon")
                $0.field("version", "1")
                $0.field("description", "Records of every enabled module. References are ids with a label beside them; amounts are objects of amount and currency.")
                $0.object("license") { $0.field("name", "Apache-2.0"); $0.field("identifier", "Apache-2.0") }
            }
            json.array("servers") { $0.item { $0.field("url", "/") } }
            json.array("security") { json in
                json.item { $0.field("token", [String]()) }
                json.item { $0.field("session", [String]()) }
            }
            json.array("tags") { json in
                for entity in entities { json.item { $0.field("name", entity.path); $0.field("description", entity.pluralTitle) } }
            }
            json.object("paths") { json in for entity in entities { paths(&json, entity) } }
            json.object("components") { json in
                json.object("securitySchemes") { json in
                    json.object("token") { $0.field("type", "http"); $0.field("scheme", "bearer") }
                    json.object("session") { $0.field("type", "apiKey"); $0.field("in", "cookie"); $0.field("name", SessionCookie.name) }
                }
                json.object("schemas") { json in
                    common(&json)
                    for entity in entities { schemas(&json, entity) }
                }
                json.object("responses") { json in
                    json.object("Problem") { json in
                        json.field("description", "Why it was refused (RFC 9457)")
                        json.content("application/problem+json", "Problem")
                    }
                }
            }
        }
    }

    private var entities: [EntityModel] {
        registry.entities.filter { entity in actor.map { $0.can("view", on: entity.name) } ?? true }
    }

    private func visible(_ entity: EntityModel) -> [FieldModel] {
        entity.fields.filter { field in
            field.isStored && (actor.map { $0.mask(field.name, of: entity.name) != .hidden } ?? true)
        }
    }

    // MARK: Paths

    private func paths(_ json: inout JSONWriter, _ entity: EntityModel) {
        let plural = entity.pluralTitle.lowercased()
        let single = entity.title.lowercased()
        json.object("/api/v1/" + entity.path) { json in
            json.operation("get", "list-" + entity.path, "List \(plural)", entity.path) { json in
                json.array("parameters") { json in
                    json.parameter("limit", in: "query", "How many, 1 to 500; 50 unless given") { $0.field("type", "integer"); $0.field("minimum", 1); $0.field("maximum", 500) }
                    json.parameter("cursor", in: "query", "Where the page before ended: its next") { $0.field("type", "string") }
                    json.parameter("sort", in: "query", "A field; with a minus before it the greatest first") { $0.field("type", "string") }
                    json.parameter("q", in: "query", "Text that any searchable field contains") { $0.field("type", "string") }
                    json.parameter("count", in: "query", "Whether to add the total") { $0.field("type", "boolean") }
                    json.parameter("fields", in: "query", "The fields to give, separated by commas") { $0.field("type", "string") }
                    for field in visible(entity) {
                        json.parameter(field.name, in: "query", "\(field.label) equals this; also \(field.name).ne, .lt, .lte, .gt, .gte, .contains, .starts, .in, .empty") { $0.field("type", "string") }
                    }
                }
                json.responses(200, "A page of \(plural)", schema: entity.pageName)
            }
            json.operation("post", "create-" + entity.path, "Make a \(single)", entity.path) { json in
                json.array("parameters") { json in
                    json.parameter("Idempotency-Key", in: "header", "The same key again gives the same answer without doing it again") { $0.field("type", "string"); $0.field("maxLength", 200) }
                }
                json.body(entity.inputName)
                json.responses(201, "The new \(single)", schema: entity.schemaName)
            }
        }
        json.object("/api/v1/\(entity.path)/{id}") { json in
            json.array("parameters") { $0.parameter("id", in: "path", "The id") { $0.field("type", "integer"); $0.field("minimum", 1) } }
            json.operation("get", "get-" + entity.path, "Show a \(single)", entity.path) { $0.responses(200, "The \(single)", schema: entity.schemaName) }
            json.operation("patch", "update-" + entity.path, "Change a \(single)", entity.path) { json in
                json.array("parameters") { json in
                    json.parameter("If-Match", in: "header", "The version that was read; changes of others since then are told by field") { $0.field("type", "string") }
                }
                json.body(entity.changeName)
                json.responses(200, "The changed \(single)", schema: entity.schemaName)
            }
            json.operation("delete", "delete-" + entity.path, "Delete a \(single)", entity.path) { $0.responses(204, "Deleted", schema: nil) }
        }
        for action in entity.actions {
            json.object("/api/v1/\(entity.path)/{id}/actions/\(action.name)") { json in
                json.array("parameters") { $0.parameter("id", in: "path", "The id") { $0.field("type", "integer"); $0.field("minimum", 1) } }
                json.operation("post", "\(action.name)-\(entity.path)", action.summary.isEmpty ? action.title : action.summary, entity.path) { json in
                    json.body(entity.schemaName + action.name.camel)
                    json.responses(200, "Done", schema: "ActionOutcome")
                }
            }
        }
    }

    // MARK: Schemas

    private func common(_ json: inout JSONWriter) {
        json.object("Money") { json in
            json.field("type", "object")
            json.object("properties") { json in
                json.object("amount") { $0.field("type", "string"); $0.field("pattern", "^-?[0-9]+(\\.[0-9]+)?$") }
                json.object("currency") { $0.field("type", "string"); $0.field("pattern", "^[A-Z]{3}$") }
            }
            json.field("required", ["amount", "currency"])
        }
        json.object("Problem") { json in
            json.field("type", "object")
            json.object("properties") { json in
                for name in ["type", "title", "detail", "hint"] { json.object(name) { $0.field("type", "string") } }
                json.object("status") { $0.field("type", "integer") }
                json.object("errors") { json in
                    json.field("type", "array")
                    json.object("items") { json in
                        json.field("type", "object")
                        json.object("properties") { json in for name in ["field", "message"] { json.object(name) { $0.field("type", "string") } } }
                    }
                }
            }
            json.field("required", ["type", "title", "status", "detail"])
        }
        json.object("ActionOutcome") { json in
            json.field("type", "object")
            json.object("properties") { json in
                json.object("message") { $0.field("type", "string") }
                json.object("results") { $0.field("type", "object") }
                json.object("opens") { $0.field("type", ["object", "null"]) }
                json.object("record") { $0.field("type", ["object", "null"]) }
            }
            json.field("required", ["message", "results"])
        }
    }

    private func schemas(_ json: inout JSONWriter, _ entity: EntityModel) {
        let fields = visible(entity)
        json.object(entity.schemaName) { json in
            json.field("type", "object")
            json.object("properties") { json in
                json.object("id") { $0.field("type", "integer") }
                json.object("version") { $0.field("type", "integer") }
                for field in fields {
                    json.object(field.name) { $0.outputType(field) }
                    if case .reference = field.type { json.object(field.name + "_label") { $0.field("type", ["string", "null"]) } }
                    if field.isList {
                        json.object(field.name + "_label") { json in
                            json.field("type", "array")
                            json.object("items") { $0.field("type", ["string", "null"]) }
                        }
                    }
                }
            }
            json.field("required", ["id", "version"])
        }
        json.object(entity.pageName) { json in
            json.field("type", "object")
            json.object("properties") { json in
                json.object("data") { json in
                    json.field("type", "array")
                    json.object("items") { $0.reference(entity.schemaName) }
                }
                json.object("next") { $0.field("type", ["string", "null"]) }
                json.object("total") { $0.field("type", "integer") }
            }
            json.field("required", ["data", "next"])
        }
        let writable = fields.filter { !$0.isSystem && !$0.description.isReadOnly }
        for name in [entity.inputName, entity.changeName] {
            json.object(name) { json in
                json.field("type", "object")
                json.object("properties") { json in for field in writable { json.object(field.name) { $0.inputType(field) } } }
            }
        }
        for action in entity.actions {
            json.object(entity.schemaName + action.name.camel) { json in
                json.field("type", "object")
                json.object("properties") { json in
                    for (place, description) in action.fields.enumerated() {
                        json.object(description.name) { $0.inputType(FieldModel(description, place: place, plugin: action.plugin)) }
                    }
                }
                json.field("additionalProperties", false)
            }
        }
    }
}

extension EntityModel {
    fileprivate var schemaName: String { name.camel }
    fileprivate var pageName: String { schemaName + "Page" }
    fileprivate var inputName: String { schemaName + "Input" }
    fileprivate var changeName: String { schemaName + "Change" }
}

extension String {
    /// `order_line` and `mark-done` as `OrderLine` and `MarkDone`.
    fileprivate var camel: String {
        split { $0 == "_" || $0 == "-" }.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
}

extension JSONWriter {
    fileprivate mutating func object(_ name: String, _ body: (inout JSONWriter) -> Void) {
        key(name)
        item(body)
    }
    fileprivate mutating func item(_ body: (inout JSONWriter) -> Void) {
        beginObject()
        body(&self)
        endObject()
    }
    fileprivate mutating func array(_ name: String, _ body: (inout JSONWriter) -> Void) {
        key(name)
        beginArray()
        body(&self)
        endArray()
    }
    fileprivate mutating func reference(_ schema: String) { field("$ref", "#/components/schemas/" + schema) }

    fileprivate mutating func operation(_ method: String, _ id: String, _ summary: String, _ tag: String, _ body: (inout JSONWriter) -> Void) {
        object(method) { json in
            json.field("operationId", id)
            json.field("summary", summary)
            json.field("tags", [tag])
            body(&json)
        }
    }
    fileprivate mutating func parameter(_ name: String, in place: String, _ description: String, _ schema: (inout JSONWriter) -> Void) {
        item { json in
            json.field("name", name)
            json.field("in", place)
            json.field("required", place == "path")
            json.field("description", description)
            json.object("schema", schema)
        }
    }
    fileprivate mutating func content(_ type: String, _ schema: String) {
        object("content") { json in json.object(type) { json in json.object("schema") { $0.reference(schema) } } }
    }
    fileprivate mutating func body(_ schema: String) {
        object("requestBody") { json in
            json.field("required", true)
            json.content("application/json", schema)
        }
    }
    fileprivate mutating func responses(_ status: Int, _ description: String, schema: String?) {
        object("responses") { json in
            json.object(String(status)) { json in
                json.field("description", description)
                if let schema { json.content("application/json", schema) }
            }
            json.object("default") { $0.field("$ref", "#/components/responses/Problem") }
        }
    }

    fileprivate mutating func outputType(_ field: FieldModel) {
        describe(field)
        switch field.type {
        case .money:
            array("anyOf") { json in
                json.item { $0.reference("Money") }
                json.item { $0.field("type", "null") }
            }
        case .integer, .reference: self.field("type", ["integer", "null"])
        case .boolean: self.field("type", ["boolean", "null"])
        case .references:
            self.field("type", "array")
            object("items") { $0.field("type", "integer") }
        case .json: self.field("type", ["object", "array", "null"])
        case .day:
            self.field("type", ["string", "null"])
            self.field("format", "date")
        case .moment:
            self.field("type", ["string", "null"])
            self.field("format", "date-time")
        case .text, .choice, .decimal: self.field("type", ["string", "null"])
        }
    }

    fileprivate mutating func inputType(_ field: FieldModel) {
        describe(field)
        switch field.type {
        case .money: self.field("type", ["object", "string", "number", "null"])
        case .integer: self.field("type", ["integer", "null"])
        case .decimal: self.field("type", ["number", "string", "null"])
        case .reference: self.field("type", ["integer", "string", "null"])
        case .boolean: self.field("type", ["boolean", "null"])
        case .references:
            self.field("type", ["array", "null"])
            object("items") { $0.field("type", ["integer", "string"]) }
        case .json: self.field("type", ["object", "array", "null"])
        case .choice(let options):
            array("enum") { json in
                for option in options { json.string(option.key) }
                json.null()
            }
        case .text:
            self.field("type", ["string", "null"])
            self.field("maxLength", field.maxLength)
        case .day, .moment: self.field("type", ["string", "null"])
        }
    }

    private mutating func describe(_ field: FieldModel) {
        self.field("title", field.label)
        if !field.description.help.isEmpty { self.field("description", field.description.help) }
    }
}
