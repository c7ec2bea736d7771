import PluginAPI

/// Plans: what a change would do, without doing it. Those of switching off and uninstalling read the record alone and never load
/// a library.
extension PluginHost {
    /// What switching plugins on would do, in the order in which it is done.
    func plan(enabling ids: [String], cascade: Bool) async throws -> PluginPlan {
        try requirePluginCode()
        contents = catalogue.discover()
        let ledger: PluginLedger = try requireLedger()
        var plan = PluginPlan(.enable, ids)
        var wanted: [PluginCatalogue.Entry] = []
        for id in ids {
            if let entry = try candidate(id) { wanted.append(entry) } else { plan.standing.append(id) }
        }
        if cascade { try addRequired(to: &wanted) }
        guard !wanted.isEmpty else { return try plan.sealed() }
        let outlines: [String: PluginOutline] = try await rehearse(wanted, ledger, asked: ids.last ?? "")
        let running: [PluginCatalogue.Entry] = lineup.parts.compactMap { lineup.entries[$0.id] }
        let order = LoadOrder((running + wanted).map(\.manifest))
        for entry in order.ids.compactMap({ id in wanted.first { $0.id == id } }) {
            guard let outline = outlines[entry.id] else { continue }
            var step = PluginPlan.Step(id: entry.id, name: entry.manifest.name)
            step.version = entry.manifest.version.description
            step.checksum = entry.checksum
            step.adds = outline.kinds
            if let old = ledger.rows[entry.id], old.outline != nil, old.version != step.version { step.from = old.version }
            try await describe(&step, entry, outline, ledger)
            plan.steps.append(step)
        }
        return try plan.sealed()
    }

    /// What plugins require, directly or by way of others, as far as it is installed and does not run.
    private func addRequired(to wanted: inout [PluginCatalogue.Entry]) throws {
        var next: [String] = wanted.flatMap(\.manifest.requires)
        while let id = next.popLast() {
            guard !wanted.contains(where: { $0.id == id }), contents.entries[id] != nil, let entry = try candidate(id) else { continue }
            wanted.append(entry)
            next += entry.manifest.requires
        }
    }

    /// What an upgrade would do: the new version beside the one on record.
    func plan(upgrading id: String) async throws -> PluginPlan {
        try requirePluginCode()
        contents = catalogue.discover()
        let ledger: PluginLedger = try requireLedger()
        var plan = PluginPlan(.upgrade, [id])
        let found: PluginCatalogue.Entry = try found(id)
        guard let row = ledger.rows[id], let copy = row.copy, let kept = catalogue.kept else {
            throw CRMError(.refused, "the plugin \(id) was never switched on here", hint: "tenon plugin enable \(id) takes it as it is.")
        }
        let entry: PluginCatalogue.Entry = try kept.keep(found)
        guard entry.copy != copy || lineup.failures[id] != nil else {
            plan.standing = [id]
            return try plan.sealed()
        }
        let new: PluginOutline? = try await rehearse([entry], ledger, asked: id)[id]
        guard let new else { throw CRMError(.internalError, "nothing is known of the plugin \(id)") }
        let old: PluginOutline = row.outline ?? PluginOutline()
        var step = PluginPlan.Step(id: id, name: entry.manifest.name)
        step.version = entry.manifest.version.description
        step.from = row.version
        step.checksum = entry.checksum
        step.adds = new.kinds(beyond: old)
        step.removes = old.kinds(beyond: new)
        try await describe(&step, entry, new, ledger)
        if entry.manifest.version < (PluginVersion(row.version) ?? PluginVersion([0])) {
            step.notes.append("version \(step.version) is older than \(row.version), which runs")
        }
        if new.checksUpgrades { step.notes.append("the new version looks at the data first and may refuse") }
        if row.isEnabled { step.notes.append("it takes over with the next start; until then the old version serves") }
        let idle: [String] = old.tables.flatMap { table in
            let names: [String] = table.columns.map { table.name + "." + $0.prefix { $0 != " " } }
            let kept: [String] = new.tables.first { $0.name == table.name }?.columns.map { table.name + "." + $0.prefix { $0 != " " } } ?? []
            return names.filter { !kept.contains($0) }
        }
        if !idle.isEmpty { step.notes.append("no longer used, and kept with their data: " + idle.joined(separator: ", ")) }
        plan.steps = [step]
        return try plan.sealed()
    }

    /// What a plugin brings to the database and asks for.
    private func describe(
        _ step: inout PluginPlan.Step, _ entry: PluginCatalogue.Entry, _ outline: PluginOutline, _ ledger: PluginLedger
    ) async throws {
        let (columns, indexes): ([String: Set<String>], [String: Set<String>]) = try await engine.read { connection in
            var columns: [String: Set<String>] = [:]
            var indexes: [String: Set<String>] = [:]
            for table in outline.tables {
                columns[table.name] = try connection.columns(of: table.name)
                indexes[table.name] = try connection.indexes(of: table.name)
            }
            return (columns, indexes)
        }
        for table in outline.tables {
            let existing: Set<String> = columns[table.name] ?? []
            if existing.isEmpty {
                step.tables.append(table.name)
            } else {
                step.columns += table.columns.filter { !existing.contains(String($0.prefix { $0 != " " })) }.map { table.name + "." + $0 }
            }
            let made: Set<String> = indexes[table.name] ?? []
            step.indexes += table.indexes.filter { !made.contains($0) }
            let gone: [String] = made.subtracting(table.indexes).filter { $0.hasPrefix(table.name + "__") }.sorted()
            let custom: [String] = ledger.fields.filter { $0.field.entity == table.name }.map(\.field.name)
            step.drops += gone.filter { index in !custom.contains { index.contains($0) } }
                .map { PluginPlan.Holding(kind: "index", name: $0, rows: 0) }
            step.customFields += custom.map { table.name + "." + $0 }
        }
        step.migrations = outline.migrations.filter { !ledger.steps.contains(entry.id + "/" + $0) }
        step.rights = outline.rights.filter { right in
            let words: [Substring] = right.split(separator: " ")
            let role: Substring = (words.first ?? "").prefix { $0 != ":" }
            return !ledger.steps.contains(entry.id + "/" + DefaultRoles.ledgerName(String(words.dropFirst(2).first ?? ""), String(role)))
        }
        let asks: PluginManifest.Capabilities = entry.manifest.capabilities
        step.asks = asks.lines
        step.approvals = asks.growth(over: ledger.rows[entry.id]?.approved ?? .init()).lines
    }

    /// What each of some plugins adds, tried together with all that runs. Throws a ``PlanRefusal`` when one does not fit.
    func rehearse(
        _ wanted: [PluginCatalogue.Entry], _ ledger: PluginLedger, asked: String
    ) async throws -> [String: PluginOutline] {
        let ids = Set(wanted.map(\.id))
        let running: [PluginCatalogue.Entry] = lineup.parts.compactMap { lineup.entries[$0.id] }.filter { !ids.contains($0.id) }
        let entries: [PluginCatalogue.Entry] = running + wanted
        let answer: PluginTrial.Answer
        if let trial, entries.contains(where: loader.isNew) {
            answer = try await trial.outlines(of: entries, ledger.customFields, engine.dialect.kind)
        } else {
            for entry in wanted where !loader.accepts(entry) {
                throw CRMError(
                    .unavailable, "the plugin \(entry.id) is loaded in another version, and there is no program to try this one with",
                    hint: "Restart the product.")
            }
            answer = try PluginLineup(
                entries, loader: loader, installed: Set(contents.entries.keys), fields: ledger.customFields,
                approved: PluginLineup.asking(entries)
            ).answer(engine.dialect)
        }
        let failures: [String: PluginLineup.Failure] = answer.failures.mapValues(PluginLineup.Failure.init)
        if let id = failures[asked] == nil ? failures.keys.min() : asked, let failure = failures[id] {
            // What fits only without the newcomers is told of the newcomer.
            let blamed: PluginCatalogue.Entry? = wanted.first { $0.id == id } ?? wanted.first { $0.id == asked } ?? wanted.last
            throw PlanRefusal(id: blamed?.id ?? id, version: blamed?.manifest.version.description ?? "", failure: failure)
        }
        return answer.outlines
    }

    // MARK: Without loading anything

    /// What switching plugins off would do.
    func plan(disabling ids: [String], cascade: Bool) async throws -> PluginPlan {
        let ledger: PluginLedger = try requireLedger()
        var plan = PluginPlan(.disable, ids)
        let all: [String] = try leaving(ids, cascade: cascade, ledger)
        for id in all {
            let row: PluginLedger.Row? = ledger.rows[id]
            guard row?.isEnabled ?? false || lineup.has(id) else {
                plan.standing.append(id)
                continue
            }
            var step = PluginPlan.Step(id: id, name: name(of: id, row))
            step.version = row?.version ?? ""
            step.removes = row?.outline?.kinds ?? [:]
            step.keeps = try await engine.read { try Belongings(of: id, $0).tables }
            plan.steps.append(step)
        }
        return try plan.sealed()
    }

    /// What uninstalling a plugin would do.
    func plan(uninstalling ids: [String], cascade: Bool) async throws -> PluginPlan {
        let ledger: PluginLedger = try requireLedger()
        var plan = PluginPlan(.uninstall, ids)
        let all: [String] = try leaving(ids, cascade: cascade, ledger)
        for id in all where !ids.contains(id) {
            var step = PluginPlan.Step(id: id, name: name(of: id, ledger.rows[id]))
            step.version = ledger.rows[id]?.version ?? ""
            step.removes = ledger.rows[id]?.outline?.kinds ?? [:]
            step.notes = ["is switched off; its data stays"]
            plan.steps.append(step)
        }
        for id in all where ids.contains(id) {
            let row: PluginLedger.Row? = ledger.rows[id]
            var step = PluginPlan.Step(id: id, name: name(of: id, row))
            step.version = row?.version ?? ""
            step.removes = row?.outline?.kinds ?? [:]
            let links: [PluginOutline.Link] = ledger.rows.filter { $0.key != id }.values.flatMap { $0.outline?.links ?? [] }
            let belongings: Belongings = try await engine.read { try Belongings(of: id, row?.outline, links: links, $0) }
            step.drops = belongings.holdings
            step.customFields = belongings.fields.map(\.label)
            step.destroys = true
            step.notes = ["what is dropped goes to an archive first, from which it can be restored"]
            plan.steps.append(step)
        }
        return try plan.sealed()
    }

    /// Plugins with those that cannot do without them; the latter first.
    private func leaving(_ ids: [String], cascade: Bool, _ ledger: PluginLedger) throws -> [String] {
        var all: [String] = []
        for id in ids {
            guard ledger.rows[id] != nil || contents.entries[id] != nil else { throw CRMError(.notFound, "there is no plugin \(id)") }
            let dependents: [String] = dependents(of: id, ledger).filter { !ids.contains($0) }
            guard dependents.isEmpty || cascade else {
                throw CRMError(
                    .refused, "the plugin \(id) is required by \(dependents.joined(separator: ", "))",
                    hint: "Switch these off first, or all of them together.")
            }
            for other in dependents.reversed() where !all.contains(other) { all.append(other) }
        }
        return all + ids
    }

    /// The plugins that cannot do without one, also while nothing runs.
    private func dependents(of id: String, _ ledger: PluginLedger) -> [String] {
        var found: [String] = lineup.dependents(of: id)
        let enabled: [PluginManifest] = ledger.rows.filter { $0.value.isEnabled && !lineup.has($0.key) }.sorted { $0.key < $1.key }
            .compactMap { $0.value.copy.flatMap { try? PluginManifest(json: Array($0.manifest.utf8)) } }
        var count = -1
        while count != found.count {
            count = found.count
            for manifest in enabled where manifest.id != id && !found.contains(manifest.id) {
                if manifest.requires.contains(where: { $0 == id || found.contains($0) }) { found.append(manifest.id) }
            }
        }
        return found
    }

    /// What people call a plugin.
    func name(of id: String) -> String { name(of: id, ledger?.rows[id]) }

    func name(of id: String, _ row: PluginLedger.Row?) -> String {
        if let name = contents.entries[id]?.manifest.name { return name }
        guard let text = row?.copy?.manifest, let manifest = try? PluginManifest(json: Array(text.utf8)) else { return id }
        return manifest.name
    }
}
