extension OpenAPIDocument {
    /// What stands around an entity's list, where it has that.
    func extras(_ json: inout JSONWriter, _ entity: EntityModel) {
        let plural = entity.pluralTitle.lowercased()
        json.object("/api/v1/\(entity.path)/cards") { json in
            json.operation("get", "cards-" + entity.path, "The figures above the list of \(plural)", entity.path) {
                $0.responses(200, "The figures", schema: "Page")
            }
        }
        guard entity.positionField != nil else { return }
        json.object("/api/v1/\(entity.path)/order") { json in
            json.operation("post", "order-" + entity.path, "Put \(plural) in an order", entity.path) { json in
                json.body("Order")
                json.responses(200, "Where they stand now", schema: "Page")
            }
        }
    }

    /// Schemas of the above.
    func commonToLists(_ json: inout JSONWriter) {
        json.object("Order") { json in
            json.field("type", "object")
            json.object("properties") { json in
                json.object("ids") { json in
                    json.field("type", "array")
                    json.object("items") { $0.field("type", "integer") }
                    json.field("maxItems", StoreTransaction.mostOrdered)
                }
            }
            json.field("required", ["ids"])
        }
    }
}
