import PluginAPI

/// The formula fields of a registry: how each is worked out, in which order, and what it depends on.
struct RegistryFormulas: Sendable {
    /// A field that is worked out.
    struct Field: Sendable {
        let entity: String
        let field: FieldModel
        /// How; nil while it cannot be, and then why.
        let formula: Formula?
        let problem: String
        let refusal: FormulaRefusal?
    }

    /// Records that read a field of others by way of links.
    struct Reader: Sendable, Hashable {
        /// The field that is read.
        let field: String
        /// Whose records read it, by which links.
        let entity: String
        let links: [FormulaUses.Read.Step]
    }

    /// By entity, each after what it reads of the same record.
    private(set) var fields: [String: [Field]] = [:]
    /// By the entity that is read.
    private(set) var readers: [String: Set<Reader>] = [:]
    /// The links by which a field was worked out: entity, field, ways.
    private(set) var ways: [String: [String: [[FormulaUses.Read.Step]]]] = [:]
    /// All that went into a field, by way of other formula fields too: entity, field.
    private(set) var sources: [String: [String: Set<FormulaUses.Read.Step>]] = [:]

    /// The entities with fields that change without a change of the record.
    var moving: Set<String> {
        Set(fields.filter { $0.value.contains { $0.formula.map { $0.uses.today || $0.uses.reads.contains { !$0.isOwn } } ?? false } }.keys)
    }

    func field(_ name: String, of entity: String) -> Field? { fields[entity]?.first { $0.field.name == name } }

    init(_ registry: Registry) {
        var all: [FormulaUses.Read.Step: Field] = [:]
        var order: [FormulaUses.Read.Step] = []
        for entity in registry.entities {
            for field in entity.fields {
                guard let text = field.formula else { continue }
                let step = FormulaUses.Read.Step(entity: entity.name, field: field.name)
                order.append(step)
                all[step] = Self.made(field, text, entity, registry)
            }
        }
        if order.isEmpty { return }
        let circular: Set<FormulaUses.Read.Step> = Self.circular(all)
        for step in circular {
            guard let field = all[step] else { continue }
            all[step] = Field(
                entity: field.entity, field: field.field, formula: nil, problem: "it depends on itself", refusal: nil)
        }
        var done: Set<FormulaUses.Read.Step> = []
        for step in order { place(step, all, &done) }
        for step in order { depend(step, all) }
    }

    private static func made(
        _ field: FieldModel, _ text: String, _ entity: EntityModel, _ registry: Registry
    ) -> Field {
        do {
            let formula = try Formula(text, on: entity, in: registry, for: .field)
            guard formula.fieldType == field.type else {
                return Field(
                    entity: entity.name, field: field, formula: nil, problem: "it comes to \(formula.kind.word) now, and the field holds another type",
                    refusal: nil)
            }
            return Field(entity: entity.name, field: field, formula: formula, problem: "", refusal: nil)
        } catch {
            let refusal = error as? FormulaRefusal
            var problem: String = refusal?.message ?? "\(error)"
            // What is missing is named by its plugin, as long as it is on record.
            if let gone = field.formulaFunctions.sorted(by: { $0.key < $1.key }).first(where: { registry.functions[$0.key] == nil }) {
                problem = "the function \(gone.key) is missing: its plugin \(gone.value) is not running"
            }
            return Field(entity: entity.name, field: field, formula: nil, problem: problem, refusal: refusal)
        }
    }

    /// The fields that come back to themselves, whichever records are on the way.
    private static func circular(_ all: [FormulaUses.Read.Step: Field]) -> Set<FormulaUses.Read.Step> {
        func next(_ step: FormulaUses.Read.Step) -> [FormulaUses.Read.Step] {
            all[step]?.formula?.uses.reads.flatMap(\.steps).filter { all[$0] != nil } ?? []
        }
        return Set(
            all.keys.filter { start in
                var seen: Set<FormulaUses.Read.Step> = []
                var rest: [FormulaUses.Read.Step] = next(start)
                while let step = rest.popLast() {
                    if step == start { return true }
                    if seen.insert(step).inserted { rest += next(step) }
                }
                return false
            })
    }

    private mutating func place(
        _ step: FormulaUses.Read.Step, _ all: [FormulaUses.Read.Step: Field], _ done: inout Set<FormulaUses.Read.Step>
    ) {
        guard let field = all[step], done.insert(step).inserted else { return }
        for read in field.formula?.uses.reads ?? [] where read.isOwn { place(read.steps[0], all, &done) }
        fields[step.entity, default: []].append(field)
    }

    /// Notes what a field depends on: for itself, and for what is on the way.
    private mutating func depend(_ step: FormulaUses.Read.Step, _ all: [FormulaUses.Read.Step: Field]) {
        guard let formula = all[step]?.formula else { return }
        for read in formula.uses.reads where !read.isOwn {
            for index in 1..<read.steps.count {
                let reader = Reader(field: read.steps[index].field, entity: step.entity, links: Array(read.steps[..<index]))
                readers[read.steps[index].entity, default: []].insert(reader)
            }
        }
        ways[step.entity, default: [:]][step.field] = Self.ways(step, all)
        var sources: Set<FormulaUses.Read.Step> = []
        var rest: [FormulaUses.Read.Step] = formula.uses.reads.flatMap(\.steps)
        while let source = rest.popLast() {
            guard sources.insert(source).inserted else { continue }
            rest += all[source]?.formula?.uses.reads.flatMap(\.steps) ?? []
        }
        self.sources[step.entity, default: [:]][step.field] = sources
    }

    /// All ways by links that went into a field, those of the fields it reads included.
    private static func ways(_ step: FormulaUses.Read.Step, _ all: [FormulaUses.Read.Step: Field]) -> [[FormulaUses.Read.Step]] {
        var ways: [[FormulaUses.Read.Step]] = []
        for read in all[step]?.formula?.uses.reads ?? [] {
            let links: [FormulaUses.Read.Step] = Array(read.steps.dropLast())
            if !links.isEmpty, !ways.contains(links) { ways.append(links) }
            for more in self.ways(read.steps[read.steps.count - 1], all) where !ways.contains(links + more) { ways.append(links + more) }
        }
        return ways
    }
}

extension Formula {
    /// The type of a field that holds the result; nil when no field can.
    var fieldType: FieldType? {
        switch kind {
        case .boolean: .boolean
        case .number(let scale): scale == 0 ? .integer : .decimal(scale: scale)
        case .money: .money
        case .text: .text
        case .date: .day
        case .moment: .moment
        case .empty, .fraction, .share, .id, .list: nil
        }
    }
}

