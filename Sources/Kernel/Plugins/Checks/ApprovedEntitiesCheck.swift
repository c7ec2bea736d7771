import PluginAPI

/// Whoever uses another plugin's entity has declared it and had it approved: to read it, or to write it where records of it
/// are filled in before they are stored.
enum ApprovedEntitiesCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        composition.parts.flatMap { part in part.id == Composition.kernel ? [] : problems(of: part, composition) }
    }

    private static func problems(of part: Composition.Part, _ composition: Composition) -> [PluginProblem] {
        let all: Contributions = part.contributions
        let own = Set(all.entities.filter { !$0.isForeign }.map(\.schema.name))
        let writable: Set<String> = own.union(part.approved.writes)
        let readable: Set<String> = writable.union(part.approved.reads).union(Warrant.openToAll)
        var read: [String] = all.entities.map(\.schema.name) + all.validations.map(\.entity)
        read += all.saves.map(\.entity) + all.deletions.map(\.entity) + all.actions.map(\.entity) + all.metrics.map(\.entity)
        let written: [String] = all.prepares.map(\.entity)
        // Other checks tell of entities that are not there at all.
        func known(_ names: [String]) -> [String] { names.filter(composition.has) }
        return missing(known(written), writable, part, "write") + missing(known(read), readable.union(written), part, "read")
    }

    private static func missing(_ used: [String], _ allowed: Set<String>, _ part: Composition.Part, _ verb: String) -> [PluginProblem] {
        Set(used).subtracting(allowed).sorted().map { entity in
            PluginProblem(
                part.id, "works with the entity \(entity), which it was not approved to \(verb)",
                hint: "Declare \"\(verb)s\": [\"\(entity)\"] under capabilities in its plugin.json and have it approved.")
        }
    }
}
