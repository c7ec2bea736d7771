import PluginAPI

extension OpenAPIDocument {
    /// What all entities share.
    func common(_ json: inout JSONWriter) {
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
                json.object("links") { json in
                    json.field("type", "array")
                    json.object("items") { json in
                        json.field("type", "object")
                        json.object("properties") { json in
                            for name in ["kind", "title", "href", "api"] { json.object(name) { $0.field("type", "string") } }
                        }
                    }
                }
            }
            json.field("required", ["type", "title", "status", "detail"])
        }
        json.object("Page") { json in
            json.field("type", "object")
            json.object("properties") { json in
                json.object("data") { json in
                    json.field("type", "array")
                    json.object("items") { $0.field("type", "object") }
                }
                json.object("next") { $0.field("type", ["string", "null"]) }
            }
            json.field("required", ["data"])
        }
        json.object("BulkChange") { json in
            json.field("type", "object")
            json.object("properties") { json in
                json.object("ids") { json in
                    json.field("type", "array")
                    json.object("items") { $0.field("type", "integer") }
                    json.field("maxItems", BulkChange.most)
                }
                for name in ["update", "input"] { json.object(name) { $0.field("type", "object") } }
                json.object("delete") { $0.field("type", "boolean") }
                json.object("action") { $0.field("type", "string") }
            }
            json.field("required", ["ids"])
        }
        json.object("Comparison") { json in
            json.field("type", "object")
            json.object("properties") { json in
                for name in ["records", "fields"] {
                    json.object(name) { json in
                        json.field("type", "array")
                        json.object("items") { $0.field("type", "object") }
                    }
                }
            }
        }
        json.object("Merge") { json in
            json.field("type", "object")
            json.object("properties") { json in
                json.object("records") { json in
                    json.field("type", "array")
                    json.object("items") { $0.field("type", "integer") }
                    json.field("maxItems", MergeRequest.most - 1)
                }
                for name in ["take", "values", "versions"] { json.object(name) { $0.field("type", "object") } }
            }
            json.field("description", "Either records, which become one with this one, or values alone, which are added where it has none")
        }
        json.object("MergeOutcome") { json in
            json.field("type", "object")
            json.object("properties") { json in
                json.object("change") { $0.field("type", "integer") }
                json.object("kept") { json in
                    json.field("type", "array")
                    json.object("items") { $0.field("type", "string") }
                }
                json.object("record") { $0.field("type", "object") }
            }
        }
        json.object("BulkOutcome") { json in
            json.field("type", "object")
            json.object("properties") { json in
                json.object("done") { $0.field("type", "integer") }
                json.object("change") { $0.field("type", ["integer", "null"]) }
                json.object("failed") { json in
                    json.field("type", "array")
                    json.object("items") { $0.field("type", "object") }
                }
            }
            json.field("required", ["done", "failed"])
        }
        json.object("Note") { json in
            json.field("type", "object")
            json.object("properties") { json in
                json.object("id") { $0.field("type", "integer") }
                json.object("text") { $0.field("type", "string") }
                for name in ["at", "edited_at"] { json.object(name) { $0.field("type", ["string", "null"]); $0.field("format", "date-time") } }
                json.object("user") { $0.field("type", ["integer", "null"]) }
                for name in ["user_label", "via"] { json.object(name) { $0.field("type", "string") } }
                json.object("may_change") { $0.field("type", "boolean") }
            }
            json.field("required", ["id", "text", "at"])
        }
        json.object("NoteInput") { json in
            json.field("type", "object")
            json.object("properties") { json in json.object("text") { $0.field("type", "string"); $0.field("maxLength", Note.field.maxLength) } }
            json.field("required", ["text"])
        }
        json.object("RecordPanel") { json in
            json.field("type", "object")
            json.object("properties") { json in
                for name in ["name", "title", "sentence"] { json.object(name) { $0.field("type", "string") } }
                json.object("columns") { json in
                    json.field("type", "array")
                    json.object("items") { $0.field("type", "object") }
                }
                json.object("rows") { json in
                    json.field("type", "array")
                    json.object("items") { json in
                        json.field("type", "array")
                        json.object("items") { _ in }
                    }
                }
            }
            json.field("required", ["name", "title"])
        }
        json.object("Move") { json in
            json.field("type", "object")
            json.object("properties") { json in
                json.object("board") { $0.field("type", "string") }
                json.object("values") { $0.field("type", "object") }
                json.object("column") { $0.field("type", ["integer", "string", "null"]) }
                json.object("below") { $0.field("type", ["integer", "null"]) }
            }
        }
        commonToLists(&json)
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

    /// What one entity reads and writes as.
    func schemas(_ json: inout JSONWriter, _ entity: EntityModel) {
        let fields = visible(entity)
        json.object(entity.schemaName) { json in
            json.field("type", "object")
            json.object("properties") { json in
                json.object("id") { $0.field("type", "integer") }
                json.object("version") { $0.field("type", "integer") }
                if !entity.extras.counts.isEmpty { json.object("counts") { $0.field("type", "object") } }
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
            json.object(entity.schemaName + "." + action.name.camel) { json in
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
