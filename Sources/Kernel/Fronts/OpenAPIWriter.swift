import PluginAPI

/// Short words for the parts of an OpenAPI document.
extension EntityModel {
    var schemaName: String { name.camel }
    // With a point between them: an entity may be called as another one's change is.
    var pageName: String { schemaName + ".Page" }
    var inputName: String { schemaName + ".Input" }
    var changeName: String { schemaName + ".Change" }
}

extension String {
    /// `order_line` and `mark-done` as `OrderLine` and `MarkDone`.
    var camel: String {
        split { $0 == "_" || $0 == "-" }.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
}

extension JSONWriter {
    mutating func object(_ name: String, _ body: (inout JSONWriter) -> Void) {
        key(name)
        item(body)
    }
    mutating func item(_ body: (inout JSONWriter) -> Void) {
        beginObject()
        body(&self)
        endObject()
    }
    mutating func array(_ name: String, _ body: (inout JSONWriter) -> Void) {
        key(name)
        beginArray()
        body(&self)
        endArray()
    }
    /// The parameter of a path that names a record.
    mutating func id() { parameter("id", in: "path", "The id") { $0.field("type", "integer"); $0.field("minimum", 1) } }

    mutating func reference(_ schema: String) { field("$ref", "#/components/schemas/" + schema) }

    mutating func operation(_ method: String, _ id: String, _ summary: String, _ tag: String, _ body: (inout JSONWriter) -> Void) {
        object(method) { json in
            json.field("operationId", id)
            json.field("summary", summary)
            json.field("tags", [tag])
            body(&json)
        }
    }
    mutating func parameter(_ name: String, in place: String, _ description: String, _ schema: (inout JSONWriter) -> Void) {
        item { json in
            json.field("name", name)
            json.field("in", place)
            json.field("required", place == "path")
            json.field("description", description)
            json.object("schema", schema)
        }
    }
    mutating func content(_ type: String, _ schema: String) {
        object("content") { json in json.object(type) { json in json.object("schema") { $0.reference(schema) } } }
    }
    mutating func body(_ schema: String) {
        object("requestBody") { json in
            json.field("required", true)
            json.content("application/json", schema)
        }
    }
    mutating func responses(_ status: Int, _ description: String, schema: String?) {
        object("responses") { json in
            json.object(String(status)) { json in
                json.field("description", description)
                if let schema { json.content("application/json", schema) }
            }
            json.object("default") { $0.field("$ref", "#/components/responses/Problem") }
        }
    }

    mutating func outputType(_ field: FieldModel) {
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

    mutating func inputType(_ field: FieldModel) {
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
