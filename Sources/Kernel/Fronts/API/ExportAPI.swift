import PluginAPI

/// `/api/v1/<plural>/export`: the records of a list as a file, page by page, so that its size does not matter.
struct ExportAPI: Sendable {
    let store: Store

    private static let pageRows: Int = 500

    /// How the file is written.
    private enum Format: String, Sendable { case csv, json }

    private struct Plan: Sendable {
        var format: Format
        var entity: EntityModel
        var query: ListQuery
        var columns: [FieldModel]
        var withID: Bool
        /// Ids instead of the names of the records that are pointed at.
        var showsIDs: Bool
    }

    func respond(_ request: FrontRequest, _ caller: Caller, path: String) async throws -> FrontResponse {
        let actor: Actor = caller.actor
        let (plan, first) = try await store.read(as: actor, mayLag: true) { tx in
            let plan: Plan = try Self.plan(request, path: path, tx)
            return (plan, try Self.page(plan, cursor: nil, isFirst: true, tx))
        }
        let store: Store = store
        // One page at a time, made when the one before has been sent: a slow reader costs one page of memory.
        let pages = AsyncStream<[UInt8]>(unfolding: PageSource(store: store, actor: actor, plan: plan, first: first).next)
        let type: String = plan.format == .csv ? "text/csv; charset=utf-8" : "application/json"
        return FrontResponse(
            200,
            headers: [
                ("content-type", type),
                ("content-disposition", "attachment; filename=\"\(plan.entity.path).\(plan.format.rawValue)\""),
            ],
            body: .stream(pages))
    }

    private struct Page: Sendable {
        var bytes: [UInt8]
        var next: String?
    }

    private actor PageSource {
        private let store: Store
        private let reader: Actor
        private let plan: Plan
        private var pending: Page?
        private var cursor: String?

        init(store: Store, actor: Actor, plan: Plan, first: Page) {
            self.store = store
            reader = actor
            self.plan = plan
            pending = first
        }

        func next() async -> [UInt8]? {
            if let page = pending {
                pending = nil
                cursor = page.next
                return page.bytes
            }
            guard let cursor else { return nil }
            let plan: Plan = plan
            // NB: the head of the answer is long sent; an error can only end it early. JSON is then visibly cut off.
            guard let page = try? await store.read(as: reader, mayLag: true, { tx in try ExportAPI.page(plan, cursor: cursor, isFirst: false, tx) })
            else { return nil }
            self.cursor = page.next
            return page.bytes
        }
    }

    private static func plan(_ request: FrontRequest, path: String, _ tx: StoreTransaction) throws -> Plan {
        guard let entity = tx.registry.entity(path: path) else { throw CRMError(.notFound, "there is no \(path)") }
        try tx.actor.require("export", on: entity)
        let formatName: String = request.parameter("format") ?? "csv"
        guard let format = Format(rawValue: formatName) else {
            throw CRMError(.invalid, "the format is not known", problems: [Problem(field: "format", "must be csv or json")])
        }
        // The names of the list's own parameters, less those that only concern this file.
        let items: [FrontRequest.QueryItem] = request.query.filter { !["ids", "id", "limit", "cursor"].contains($0.name) }
        let named: Filter? = try Self.named(request)
        var query = try ListQuery(items, entity: entity, transaction: tx)
        if let named { query.filter = .all([query.filter, named]) } else { query = query.leavingAside(entity) }
        // The right to export may reach less far than that to see.
        if let owners = tx.actor.owners("export", on: entity.name) {
            let field: String = entity.ownerField?.name ?? "created_by"
            query.filter = .all([query.filter, .oneOf(field, owners.map { .value(.integer($0)) })])
        }
        let asked: [String]? = request.parameter("columns").flatMap { $0.isEmpty ? nil : $0.split(separator: ",").map(String.init) }
        let visible: [FieldModel] = entity.fields.filter { $0.isStored && tx.actor.mask($0.name, of: entity.name) != .hidden }
        let columns: [FieldModel] = asked.map { names in names.compactMap { name in visible.first { $0.name == name } } }
            ?? visible.filter { !$0.isSystem } + visible.filter(\.isSystem)
        return Plan(
            format: format, entity: entity, query: query, columns: columns, withID: asked?.contains("id") ?? true,
            showsIDs: request.parameter("ids") == "true")
    }

    /// The records that the query names: as many as may be ticked at once, more than a list's query takes.
    private static func named(_ request: FrontRequest) throws -> Filter? {
        let texts: [String] = request.query.filter { $0.name == "id" }.flatMap { $0.value.split(separator: ",").map(String.init) }
        guard !texts.isEmpty else { return nil }
        let ids: [Int64] = texts.compactMap { Int64($0.trimmed) }
        guard ids.count == texts.count else {
            throw CRMError(.invalid, "the query does not fit", problems: [Problem(field: "id", "must be ids")])
        }
        guard ids.count <= BulkChange.most else {
            throw CRMError(.tooLarge, "more than \(BulkChange.most) records at once", hint: "Export the list by its filters.")
        }
        return .oneOf("id", ids.map { .value(.integer($0)) })
    }

    private static func page(_ plan: Plan, cursor: String?, isFirst: Bool, _ tx: StoreTransaction) throws -> Page {
        var request = plan.query.request(plan.entity)
        request.limit = pageRows
        request.cursor = cursor
        request.fields = Set(plan.columns.map(\.name))
        return plan.format == .csv
            ? try csv(plan, request, isFirst, tx) : try json(plan, request, isFirst, tx)
    }

    private static func csv(_ plan: Plan, _ request: ListRequest, _ isFirst: Bool, _ tx: StoreTransaction) throws -> Page {
        var writer = CSVWriter()
        if isFirst { writer.write(row: (plan.withID ? ["id"] : []) + plan.columns.map(\.name)) }
        let cells = CellWriter(currency: tx.currency)
        var lists = ListLabels()
        let labels = LinkLabels(tx)
        let next: String? = try tx.page(request) { row, projection in
            if plan.withID { writer.write(cell: String(row.integer(0))) }
            for field in plan.columns {
                guard let item = projection.item(field.name) else { writer.write(cell: ""); continue }
                if !plan.showsIDs, let label = try labels.text(item, of: row) {
                    writer.write(cell: label)
                } else if !plan.showsIDs, case .references(let target) = field.type {
                    let value: Value = field.read(row, at: item.column)
                    writer.write(cell: cells.text(of: value, label: { id in lists.label(target, id, tx) }))
                } else {
                    writer.write(cell: cells.text(of: field.read(row, at: item.column)))
                }
            }
            writer.endRow()
        }
        return Page(bytes: writer.take(), next: next)
    }

    private static func json(_ plan: Plan, _ request: ListRequest, _ isFirst: Bool, _ tx: StoreTransaction) throws -> Page {
        var bytes: [UInt8] = isFirst ? Array("[".utf8) : []
        var isFirstRow: Bool = isFirst
        let labels = LinkLabels(tx)
        let next: String? = try tx.page(request) { row, projection in
            var writer = JSONWriter()
            try row.write(projection.plan, labels, to: &writer)
            bytes.append(contentsOf: isFirstRow ? "\n".utf8 : ",\n".utf8)
            isFirstRow = false
            bytes.append(contentsOf: writer.bytes)
        }
        if next == nil { bytes.append(contentsOf: "\n]\n".utf8) }
        return Page(bytes: bytes, next: next)
    }

    /// The names of records in lists of references, looked up once each.
    private struct ListLabels {
        private var known: [String: [Int64: String?]] = [:]

        mutating func label(_ target: String, _ id: RecordID, _ tx: StoreTransaction) -> String? {
            if let label = known[target]?[id.raw] { return label }
            let label: String? = (try? tx.label(target, id.raw)) ?? nil
            known[target, default: [:]][id.raw] = label
            return label
        }
    }
}
