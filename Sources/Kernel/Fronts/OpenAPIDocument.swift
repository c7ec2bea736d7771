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
                json.item { $0.field("name", "deployment"); $0.field("description", "The deployment itself") }
                for entity in entities { json.item { $0.field("name", entity.path); $0.field("description", entity.pluralTitle) } }
            }
            json.object("paths") { json in
                for entity in entities { paths(&json, entity) }
                OpenAPIPaths.write(&json)
            }
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

    func visible(_ entity: EntityModel) -> [FieldModel] {
        entity.fields.filter { field in
            field.isStored && (actor.map { $0.mask(field.name, of: entity.name) != .hidden } ?? true)
        }
    }

    private func merge(_ json: inout JSONWriter, _ entity: EntityModel) {
        let (plural, single) = (entity.pluralTitle.lowercased(), entity.title.lowercased())
        json.object("/api/v1/\(entity.path)/{id}/merge") { json in
            json.array("parameters") { $0.id() }
            json.operation("get", "compare-" + entity.path, "Set other \(plural) beside this one", entity.path) { json in
                json.array("parameters") { json in
                    json.parameter("records", in: "query", "The others, separated by commas") { $0.field("type", "string") }
                }
                json.responses(200, "The fields in which they differ", schema: "Comparison")
            }
            json.operation("post", "merge-" + entity.path, "Make one \(single) of several: the others go, and what points at them points at this one", entity.path) { json in
                json.body("Merge")
                json.responses(200, "The change, by which it can be taken back, and the \(single)", schema: "MergeOutcome")
            }
        }
    }

    private func duplicates(_ json: inout JSONWriter, _ entity: EntityModel) {
        let plural = entity.pluralTitle.lowercased()
        json.object("/api/v1/\(entity.path)/duplicates") { json in
            json.operation("get", "duplicates-" + entity.path, "Groups of \(plural) that are probably the same", entity.path) {
                $0.responses(200, "The groups", schema: "Page")
            }
            json.operation("post", "check-duplicates-" + entity.path, "What a record with these fields would probably be the same as", entity.path) { json in
                json.body(entity.inputName)
                json.responses(200, "The \(plural) that are like it", schema: "Page")
            }
        }
        json.object("/api/v1/\(entity.path)/{id}/duplicates") { json in
            json.array("parameters") { $0.id() }
            json.operation("get", "duplicates-of-" + entity.path, "What it is probably the same as", entity.path) {
                $0.responses(200, "The \(plural) that are like it", schema: "Page")
            }
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
                    if entity.aside != nil {
                        json.parameter("set_aside", in: "query", "Whether to give the records, too, that lists leave out") { $0.field("type", "boolean") }
                    }
                    json.parameter("fields", in: "query", "The fields to give, separated by commas") { $0.field("type", "string") }
                    for field in visible(entity) {
                        json.parameter(field.name, in: "query", "\(field.label) equals this; also \(field.name).ne, .lt, .lte, .gt, .gte, .contains, .starts, .in, .empty, .older") { $0.field("type", "string") }
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
            json.array("parameters") { $0.id() }
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
        json.object("/api/v1/\(entity.path)/{id}/timeline") { json in
            json.array("parameters") { $0.id() }
            json.operation("get", "timeline-" + entity.path, "Who changed what in a \(single), newest first", entity.path) { json in
                json.array("parameters") { json in
                    json.parameter("limit", in: "query", "How many, 1 to 200; 50 unless given") { $0.field("type", "integer"); $0.field("minimum", 1); $0.field("maximum", 200) }
                    json.parameter("cursor", in: "query", "Where the page before ended: its next") { $0.field("type", "string") }
                }
                json.responses(200, "The changes", schema: "Page")
            }
        }
        notesAndPanels(&json, entity)
        json.object("/api/v1/\(entity.path)/bulk") { json in
            json.operation("post", "bulk-" + entity.path, "Change, delete or use an action on many \(plural)", entity.path) { json in
                json.body("BulkChange")
                json.responses(200, "How many were changed, and which were not", schema: "BulkOutcome")
            }
        }
        if entity.isMergeable { merge(&json, entity) }
        if !entity.duplicates.isEmpty { duplicates(&json, entity) }
        json.object("/api/v1/\(entity.path)/export") { json in
            json.operation("get", "export-" + entity.path, "The list as a file", entity.path) { json in
                json.array("parameters") { json in
                    json.parameter("format", in: "query", "csv or json") { json in json.array("enum") { $0.string("csv"); $0.string("json") } }
                    json.parameter("columns", in: "query", "The fields to give, separated by commas") { $0.field("type", "string") }
                }
                json.object("responses") { json in
                    json.object("200") { json in
                        json.field("description", "The file")
                        json.object("content") { json in for type in ["text/csv", "application/json"] { json.object(type) { _ in } } }
                    }
                    json.object("default") { $0.field("$ref", "#/components/responses/Problem") }
                }
            }
        }
        if entity.board != nil { board(&json, entity) }
        extras(&json, entity)
        for action in entity.actions {
            json.object("/api/v1/\(entity.path)/{id}/actions/\(action.name)") { json in
                json.array("parameters") { $0.id() }
                json.operation("get", "\(action.name)-form-\(entity.path)", "What the form of \(action.title.lowercased()) begins with", entity.path) {
                    $0.responses(200, "The values", schema: entity.schemaName + "." + action.name.camel)
                }
                json.operation("post", "\(action.name)-\(entity.path)", action.summary.isEmpty ? action.title : action.summary, entity.path) { json in
                    json.body(entity.schemaName + "." + action.name.camel)
                    json.responses(200, "Done", schema: "ActionOutcome")
                }
            }
        }
    }

    private func board(_ json: inout JSONWriter, _ entity: EntityModel) {
        json.object("/api/v1/\(entity.path)/board") { json in
            json.operation("get", "board-" + entity.path, "The columns with counts, sums and their first cards", entity.path) { json in
                json.array("parameters") { json in
                    json.parameter("limit", in: "query", "How many cards of each column, 0 to 100; 20 unless given") { $0.field("type", "integer"); $0.field("minimum", 0); $0.field("maximum", 100) }
                    json.parameter("board", in: "query", "Which board, by its name; the first unless given") { json in
                        json.array("enum") { json in for board in entity.boards { json.string(board.name) } }
                    }
                    json.parameter("within", in: "query", "Whose cards, where one of several is picked: an id or a unique name") { $0.field("type", "string") }
                    json.parameter("rows", in: "query", "Break the figures down by this field instead of giving cards") { $0.field("type", "string") }
                }
                json.responses(200, "The columns", schema: "Page")
            }
        }
        json.object("/api/v1/\(entity.path)/{id}/move") { json in
            json.array("parameters") { $0.id() }
            json.operation("post", "move-" + entity.path, "Put a card into a column, below another card or on top", entity.path) { json in
                json.body("Move")
                json.responses(200, "The moved \(entity.title.lowercased())", schema: entity.schemaName)
            }
        }
    }
}
