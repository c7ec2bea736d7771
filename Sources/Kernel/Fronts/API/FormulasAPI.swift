import PluginAPI

/// `/api/v1/formulas`: whether a text is a formula, and what formulas may call.
struct FormulasAPI: Sendable {
    let kernel: Kernel

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        switch (rest.first, rest.count) {
        case ("check", 1): return request.method == "POST" ? try check(request, caller) : APIFront.wrongMethod(request, "POST")
        case ("functions", 1): return request.method == "GET" ? functions() : APIFront.wrongMethod(request, "GET")
        default: throw APIFront.unknown(request)
        }
    }

    /// `{"entity", "text", "purpose": "condition" | "field"}` → what it comes to, or what is wrong where.
    private func check(_ request: FrontRequest, _ caller: Caller) throws -> FrontResponse {
        let body: JSONValue = try APIFront.body(request)
        let registry: Registry = kernel.store.registry
        let name: String = body["entity"]?.text ?? ""
        guard let entity = registry.entity(name) ?? registry.entity(path: name), caller.actor.can("view", on: entity.name) else {
            throw CRMError(.invalid, "the formula cannot be checked", problems: [Problem(field: "entity", "names no entity")])
        }
        guard let text = body["text"]?.text else {
            throw CRMError(.invalid, "the formula cannot be checked", problems: [Problem(field: "text", "is missing")])
        }
        let purpose: FormulaTyper.Purpose
        switch body["purpose"]?.text ?? "condition" {
        case "condition": purpose = .condition
        case "field": purpose = .field
        default: throw CRMError(.invalid, "the formula cannot be checked", problems: [Problem(field: "purpose", "is condition or field")])
        }
        return .json(Self.answer(text, entity, registry, purpose, caller.actor))
    }

    static func answer(
        _ text: String, _ entity: EntityModel, _ registry: Registry, _ purpose: FormulaTyper.Purpose, _ actor: Actor
    ) -> [UInt8] {
        JSONWriter.object { json in
            do {
                let formula = try Formula(text, on: entity, in: registry, for: purpose) { actor.mask($1, of: $0) != .hidden }
                json.field("valid", true)
                json.field("type", formula.kind.type?.rawValue ?? "text")
                if formula.scale > 0 { json.field("scale", formula.scale) }
                json.field("word", formula.kind.word)
                json.field("fields", Set(formula.uses.reads.map { $0.steps.map(\.field).joined(separator: ".") }).sorted())
                json.field("functions", formula.uses.functions.keys.sorted())
            } catch {
                json.field("valid", false)
                guard let refusal = error as? FormulaRefusal else { return json.field("message", "\(error)") }
                json.field("message", refusal.problem.message)
                json.field("hint", refusal.problem.hint)
                json.field("line", refusal.position.line)
                json.field("column", refusal.position.column)
                json.field("offset", refusal.problem.place.lowerBound)
                json.field("length", refusal.problem.place.count)
                json.field("excerpt", refusal.excerpt)
            }
        }
    }

    private func functions() -> FrontResponse {
        let added: [Owned<Contributions.FunctionEntry>] = kernel.store.registry.functions.values.sorted { $0.body.name < $1.body.name }
        return .json(
            JSONWriter.object { json in
                json.key("data")
                json.beginArray()
                for function in FormulaFunction.all {
                    json.beginObject()
                    json.field("name", function.name)
                    json.field("signature", function.signature)
                    json.field("summary", function.summary)
                    json.field("example", function.example)
                    json.field("result", function.result)
                    json.field("plugin", Composition.kernel)
                    json.endObject()
                }
                for function in added {
                    json.beginObject()
                    json.field("name", function.body.name)
                    json.field("signature", PluginFunction(function).signature)
                    json.field("summary", function.body.summary)
                    json.field("example", "")
                    json.field("result", "")
                    json.field("plugin", function.plugin)
                    json.endObject()
                }
                json.endArray()
            })
    }
}
