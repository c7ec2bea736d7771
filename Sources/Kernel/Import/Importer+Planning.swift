import PluginAPI

/// How a file becomes a plan.
extension Importer {
    /// What a file holds, read in a way that is given or found out.
    static func analysis(_ source: CSVSource, _ options: CSVOptions) throws -> FileAnalysis {
        let analysis: FileAnalysis
        do {
            analysis = try FileAnalysis(source, options: options)
        } catch {
            throw error.asCRMError
        }
        guard analysis.rowCount > 0 else {
            throw CRMError(.malformed, "the file has no rows below its header", hint: "Choose a file with records in it.")
        }
        return analysis
    }

    /// Cards of an address book come in as a table of them; everything else is one.
    static func table(_ file: [UInt8], _ given: CSVOptions) throws -> ([UInt8], CSVOptions) {
        try FileKind.requireTable(file)
        guard VCardReader.reads(file) else { return (file, given) }
        var options: CSVOptions = given
        options.encoding = nil
        options.delimiter = UInt8(ascii: ",")
        return (try VCardTable.csv(file, options: given), options)
    }

    /// The plan of an earlier import whose bad rows come back corrected, else what the file tells by itself.
    static func details(
        for analysis: FileAnalysis, of entity: EntityModel, actor: Actor, in tx: StoreTransaction
    ) throws -> ImportRecord.Details {
        let fields: [FieldDescription] = RowImporter.writableFields(of: entity, for: actor).map(\.description)
        if analysis.columns.contains(where: { $0.header == ProblemFile.problemHeader }), let user = actor.userID {
            let earlier: ImportPlan? = try ImportLedger.list(user: user, limit: 20, tx.connection).lazy
                .filter { $0.entity == entity.name }.compactMap { $0.details.plan.carried(to: analysis, fields: fields) }.first
            if let earlier { return ImportRecord.Details(plan: earlier) }
        }
        let suggestion = ImportSuggestion(entity: entity.schema, fields: fields, analysis: analysis)
        return ImportRecord.Details(plan: suggestion.plan, confidence: suggestion.confidence)
    }

    /// Reads a file anew with another encoding or other separators; what was decided about its columns holds as far as they are
    /// still the same.
    func reread(
        _ record: inout ImportRecord, as json: JSONValue, _ entity: EntityModel, actor: Actor
    ) throws -> FileAnalysis {
        let old: FileAnalysis = try analysis(of: record)
        var options: CSVOptions = record.details.plan.csvOptions
        let isGuessed: Bool = json["encoding"]?.text == "auto"
        if let name = json["encoding"]?.text {
            options.encoding = try CSVOptions.encoding(named: name) ?? EncodingGuess.encoding(of: files.bytes(of: record.id))
        }
        if let name = json["delimiter"]?.text, !name.isEmpty { options.delimiter = try CSVOptions.delimiter(named: name) }
        let new: FileAnalysis = try Self.analysis(.file(files.path(of: record.id)), options)
        let fields: [FieldDescription] = RowImporter.writableFields(of: entity, for: actor).map(\.description)
        var plan: ImportPlan = record.details.plan
        if new.columns.count == old.columns.count {
            for place in plan.columns.indices { plan.columns[place].header = new.columns[plan.columns[place].index].header }
        } else {
            let suggestion = ImportSuggestion(entity: entity.schema, fields: fields, analysis: new)
            plan.columns = suggestion.plan.columns.filter { plan.fixed[$0.field] == nil }
            record.details.confidence = suggestion.confidence
        }
        plan.encoding = new.format.encoding
        if json["encoding"] != nil { plan.encodingIsGuessed = isGuessed }
        plan.delimiter = String(UnicodeScalar(new.format.delimiter))
        record.details.plan = plan
        record.counts = ImportRecord.Counts(total: new.rowCount)
        return new
    }
}

extension ImportPlan {
    /// The same plan for a file with the same columns; nil where one of them is missing, or a field may not be filled any more.
    func carried(to analysis: FileAnalysis, fields: [FieldDescription]) -> ImportPlan? {
        var plan: ImportPlan = self
        for place in columns.indices {
            let header: String = columns[place].header
            guard let index = analysis.columns.firstIndex(where: { $0.header == header }) else { return nil }
            guard fields.contains(where: { $0.name == columns[place].field }) else { return nil }
            plan.columns[place].index = index
        }
        plan.badRows = .refuseAll
        return columns.isEmpty ? nil : plan
    }
}
