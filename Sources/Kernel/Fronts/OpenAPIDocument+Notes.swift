import PluginAPI

extension OpenAPIDocument {
    /// The notes of records and what plugins work out for them.
    func notesAndPanels(_ json: inout JSONWriter, _ entity: EntityModel) {
        let single = entity.title.lowercased()
        let base = "/api/v1/\(entity.path)/{id}"
        if entity.plugin != Composition.kernel { notes(&json, entity, base, single) }
        guard !entity.panels.isEmpty else { return }
        json.object(base + "/panels") { json in
            json.array("parameters") { $0.id() }
            json.operation("get", "panels-" + entity.path, "What modules work out for a \(single)", entity.path) { $0.responses(200, "The panels that hold something", schema: "Page") }
        }
        json.object(base + "/panels/{name}") { json in
            json.array("parameters") { json in
                json.id()
                json.parameter("name", in: "path", "Which one") { json in
                    json.field("type", "string")
                    json.field("enum", entity.panels.map(\.name))
                }
            }
            json.operation("get", "panel-" + entity.path, "One of them", entity.path) { $0.responses(200, "The panel", schema: "RecordPanel") }
        }
    }

    private func notes(_ json: inout JSONWriter, _ entity: EntityModel, _ base: String, _ single: String) {
        json.object(base + "/notes") { json in
            json.array("parameters") { $0.id() }
            json.operation("get", "notes-" + entity.path, "The notes on a \(single), newest first", entity.path) { json in
                json.array("parameters") { json in
                    json.parameter("limit", in: "query", "How many, 1 to 200; 50 unless given") { $0.field("type", "integer"); $0.field("minimum", 1); $0.field("maximum", 200) }
                    json.parameter("cursor", in: "query", "Where the page before ended: its next") { $0.field("type", "string") }
                }
                json.responses(200, "The notes", schema: "Page")
            }
            json.operation("post", "add-note-" + entity.path, "Write a note on a \(single)", entity.path) { json in
                json.body("NoteInput")
                json.responses(201, "The note", schema: "Note")
            }
        }
        json.object(base + "/notes/{note}") { json in
            json.array("parameters") { json in
                json.id()
                json.parameter("note", in: "path", "The note's id") { $0.field("type", "integer"); $0.field("minimum", 1) }
            }
            json.operation("get", "get-note-" + entity.path, "One note", entity.path) { $0.responses(200, "The note", schema: "Note") }
            json.operation("patch", "edit-note-" + entity.path, "Change the words of a note", entity.path) { json in
                json.body("NoteInput")
                json.responses(200, "The note", schema: "Note")
            }
            json.operation("delete", "delete-note-" + entity.path, "Delete a note", entity.path) { $0.responses(204, "Deleted", schema: nil) }
        }
    }
}
