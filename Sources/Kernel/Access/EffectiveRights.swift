import PluginAPI

/// All that a user, or a role, may do: one row an entity.
struct EffectiveRights: Sendable, Equatable {
    struct Row: Sendable, Equatable {
        var entity: String
        var title: String
        /// The rights that there are, in order, each with how far it reaches; nil for not at all.
        var rights: [Cell]
        /// The fields that are masked, in order.
        var masks: [Masked]
    }
    struct Cell: Sendable, Equatable {
        var right: String
        var scope: Scope?
    }
    struct Masked: Sendable, Equatable {
        var field: String
        var mask: FieldMask
    }

    var rows: [Row]
    var specials: [SpecialRight]
}

extension RightsSnapshot {
    /// What a user may do over all entities.
    func effectiveRights(of user: Int64, registry: Registry) -> EffectiveRights {
        EffectiveRights(
            registry: registry, scope: { scope(of: user, right: $1, entity: $0) },
            mask: { mask(of: user, entity: $0, field: $1) }, has: { has($0, user: user) })
    }
}

extension RoleGrants {
    /// What a role grants over all entities.
    func rights(registry: Registry) -> EffectiveRights {
        EffectiveRights(
            registry: registry, scope: { isEverything ? .all : entities[$0]?[$1] },
            mask: { isEverything ? .none : masks[$0]?[$1] ?? .none }, has: { isEverything || specials.contains($0) })
    }
}

extension EffectiveRights {
    fileprivate init(
        registry: Registry, scope: (String, String) -> Scope?, mask: (String, String) -> FieldMask, has: (SpecialRight) -> Bool
    ) {
        rows = registry.entities.map { entity in
            let masks = entity.storedFields.map { Masked(field: $0.name, mask: mask(entity.name, $0.name)) }
            return Row(
                entity: entity.name, title: entity.pluralTitle,
                rights: entity.rights.map { Cell(right: $0, scope: scope(entity.name, $0)) },
                masks: masks.filter { $0.mask != .none })
        }
        specials = SpecialRight.allCases.filter(has)
    }

    /// A table in plain text, for the terminal and for golden tests.
    var text: String {
        var lines: [String] = []
        let width = rows.map(\.entity.count).max() ?? 0
        for row in rows {
            let granted = row.rights.compactMap { cell in cell.scope.map { "\(cell.right) \($0.rawValue)" } }
            let masked = row.masks.map { "\($0.field) \($0.mask.rawValue.replacing("_", with: "-"))" }
            let name = row.entity + String(repeating: " ", count: width - row.entity.count)
            let words = granted.isEmpty ? "-" : granted.joined(separator: ", ")
            lines.append(name + "  " + words + (masked.isEmpty ? "" : " [" + masked.joined(separator: ", ") + "]"))
        }
        if !specials.isEmpty { lines.append("specials: " + specials.map(\.rawValue).joined(separator: ", ")) }
        return lines.joined(separator: "\n")
    }
}
