import PluginAPI

/// `/api/v1/imports`: files in, a plan to look at and change, a dry run, the run itself, and the way back.
struct ImportsAPI: Sendable {
    let importer: Importer
    let store: Store

    /// The largest file that is taken.
    static let maxFileBytes: Int = 200 << 20

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        let actor: Actor = caller.actor
        let parts: [String] = Array(rest)
        switch (request.method, parts.count) {
        case ("GET", 0): return try await list(actor)
        case ("POST", 0): return try await add(request, actor)
        case (_, 0): throw Self.unknownMethod
        default: break
        }
        guard let id = Int64(parts[0]) else { throw CRMError(.notFound, "there is no import \(parts[0])") }
        switch (request.method, parts.count > 1 ? parts[1] : "") {
        case ("GET", ""): return .json(try await show(importer.find(id, actor: actor), actor))
        case ("PATCH", ""):
            return .json(try await show(importer.change(id, JSONValue(parsing: request.body), actor: actor), actor))
        case ("DELETE", ""):
            try await importer.remove(id, actor: actor)
            return .noContent
        case ("GET", "problems"): return try await rows(id, request, actor)
        case ("GET", "problems.csv"), ("GET", "errors"), ("GET", "errors.csv"): return try await problems(id, actor)
        case ("POST", "check"): return try await run(.checking, id, request, actor)
        case ("POST", "run"): return try await run(.running, id, request, actor)
        case ("POST", "cancel"): return .json(try await show(importer.cancel(id, actor: actor), actor))
        case ("POST", "revert"): return try await run(.reverting, id, request, actor)
        default: throw CRMError(.notFound, "there is nothing at this address")
        }
    }

    private static let unknownMethod = CRMError(.malformed, "imports know GET and POST only")

    private func list(_ actor: Actor) async throws -> FrontResponse {
        let records: [ImportRecord] = try await importer.list(actor: actor)
        return .json(try await store.read(as: actor) { tx in
            try JSONWriter.object { json in
                json.key("data")
                json.beginArray()
                let labels: [Int64: String] = try tx.labels("user", records.compactMap(\.userID))
                for record in records {
                    let view = ImportJSON(
                        record: record, entity: tx.registry.entity(record.entity), userLabel: record.userID.flatMap { labels[$0] })
                    view.write(&json, analysis: nil, fields: [])
                }
                json.endArray()
                json.key("next")
                json.null()
            }
        })
    }

    private func add(_ request: FrontRequest, _ actor: Actor) async throws -> FrontResponse {
        var entity: String? = request.parameter("entity")
        var fileName: String = request.parameter("file_name") ?? "import.csv"
        var bytes: [UInt8] = request.body
        if request.headers["content-type"]?.hasPrefix("multipart/form-data") == true {
            let form = try FormBody(request)
            guard let file = form.files.first(where: { $0.name == "file" }) ?? form.files.first else {
                throw CRMError(.invalid, "the form holds no file", problems: [Problem(field: "file", "is required")])
            }
            (bytes, fileName) = (file.bytes, file.fileName)
            entity = form["entity"] ?? entity
        }
        guard let entity, !entity.isEmpty else {
            throw CRMError(
                .invalid, "it is not said what the file holds", hint: "Name the kind of record as entity.",
                problems: [Problem(field: "entity", "is required")])
        }
        guard bytes.count <= Self.maxFileBytes else {
            throw CRMError(.tooLarge, "the file is larger than \(Self.maxFileBytes >> 20) MiB", hint: "Cut it into several files.")
        }
        let options: CSVOptions = try Self.options(request)
        let record: ImportRecord = try await importer.add(bytes, fileName: fileName, entity: entity, options: options, actor: actor)
        return .json(try await show(record, actor), status: 201, headers: [("location", "/api/v1/imports/\(record.id)")])
    }

    static func options(_ request: FrontRequest) throws -> CSVOptions {
        var options = CSVOptions()
        options.restoresNeutralisedCells = true
        if let delimiter = request.parameter("delimiter"), !delimiter.isEmpty {
            options.delimiter = try CSVOptions.delimiter(named: delimiter)
        }
        options.encoding = try request.parameter("encoding").flatMap { try CSVOptions.encoding(named: $0) }
        return options
    }

    private func run(_ step: ImportState, _ id: Int64, _ request: FrontRequest, _ actor: Actor) async throws -> FrontResponse {
        var step: ImportState = step
        if !request.body.isEmpty && step != .reverting {
            let json = try JSONValue(parsing: request.body)
            if json["dry_run"]?.bool == true { step = .checking }
            _ = try await importer.change(id, json, actor: actor)
        }
        let started: ImportRecord = try await importer.begin(step, id, actor: actor)
        guard request.parameter("wait") == "true" else { return .json(try await show(started, actor), status: 202) }
        return .json(try await show(importer.wait(id, actor: actor), actor))
    }

    private func problems(_ id: Int64, _ actor: Actor) async throws -> FrontResponse {
        let record: ImportRecord = try await importer.find(id, actor: actor)
        guard let bytes = importer.files.problems(of: id), record.counts.failed > 0 else {
            throw CRMError(.notFound, "the import \(id) has no bad rows")
        }
        return FrontResponse(
            200, contentType: "text/csv; charset=utf-8", bytes,
            headers: [("content-disposition", "attachment; filename=\"import-\(id)-problems.csv\"")])
    }

    /// All bad rows, a page at a time: `{"data": [{"row", "problem", "cells"}], "next"}`.
    private func rows(_ id: Int64, _ request: FrontRequest, _ actor: Actor) async throws -> FrontResponse {
        let record: ImportRecord = try await importer.find(id, actor: actor)
        let limit: Int = try Self.number(request, "limit", within: 1...500) ?? 100
        let skipped: Int = try Self.number(request, "cursor", within: 0...Int.max) ?? 0
        guard record.counts.failed > 0, importer.files.problems(of: id) != nil else {
            return .json(JSONWriter.object { json in
                json.field("data", [String]())
                json.key("next")
                json.null()
            })
        }
        let page: ProblemRows
        do {
            page = try ProblemRows(file: importer.files.problemPath(of: id), skipping: skipped, limit: limit)
        } catch {
            throw error.asCRMError
        }
        return .json(JSONWriter.object { json in
            json.key("data")
            json.beginArray()
            for row in page.rows {
                json.beginObject()
                json.field("row", row.line)
                json.field("problem", row.problem)
                json.key("cells")
                json.beginObject()
                for (header, cell) in zip(page.header, row.cells) { json.field(header, cell) }
                json.endObject()
                json.endObject()
            }
            json.endArray()
            json.field("next", page.hasMore ? String(skipped + page.rows.count) : nil)
        })
    }

    private static func number(_ request: FrontRequest, _ name: String, within range: ClosedRange<Int>) throws -> Int? {
        guard let text = request.parameter(name), !text.isEmpty else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw CRMError(.malformed, "\(name) cannot be read", problems: [Problem(field: name, "must be a whole number in its range")])
        }
        return number
    }

    private func show(_ record: ImportRecord, _ actor: Actor) async throws -> [UInt8] {
        // The file of an old import may be gone; the rest can still be told.
        let analysis: FileAnalysis? = try? importer.analysis(of: record)
        return try await store.read(as: actor) { tx in
            let entity: EntityModel? = tx.registry.entity(record.entity)
            let view = ImportJSON(
                record: record, entity: entity, userLabel: try record.userID.flatMap { try tx.label("user", $0) })
            let fields: [FieldModel] = entity.map { RowImporter.writableFields(of: $0, for: actor) } ?? []
            return JSONWriter.document { view.write(&$0, analysis: analysis, fields: fields) }
        }
    }
}
