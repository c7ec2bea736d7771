/// Takes down what a plugin contributes. Registration only records; the kernel checks everything at once afterwards and
/// refuses the plugin as a whole, with all its problems, before any of it is visible.
///
/// ### Data
/// ``entity(_:)``, ``uses(_:)``, ``migration(_:_:)``, ``beforeUpgrade(_:)``, ``renamed(_:from:to:)``, ``demo(_:_:)``
/// ### Rules
/// ``prepare(_:priority:_:)``, ``validate(_:priority:_:)``, ``onSave(_:priority:_:)``, ``onDelete(_:priority:_:)``, ``hook(_:_:)``,
/// ``on(_:name:priority:_:)``, ``after(_:name:priority:_:)``, ``function(_:_:returns:_:takesEmpty:_:)``
/// ### Screens
/// ``list(_:columns:filters:sort:)``, ``cards(_:_:)``, ``counts(_:_:_:title:)-(_,_,EntityField<C,Reference<E>?>,_)``,
/// ``related(_:_:title:columns:sort:)-(_,EntityField<C,Reference<E>?>,_,_,_)``, ``view(_:_:where:sort:)``,
/// ``board(_:by:card:sum:columns:cards:)``, ``board(_:_:_:months:within:card:sums:cards:rows:)``,
/// ``mark(_:_:_:when:color:help:)-(_,_,_,Condition<E>,_,_)``, ``setAside(_:where:)``, ``detail(_:_:)``, ``panel(_:_:_:_:)``,
/// ``action(_:)``, ``extend(_:)``, ``metric(_:_:over:_:where:date:)``, ``dashboard(_:_:)``, ``widget(_:_:order:)``, ``setting(_:)``,
/// ``route(_:_:requires:_:)``
/// ### Rights and background
/// ``grant(_:_:_:)-(DefaultRole,_,_)``, ``grant(_:_:_:)-([DefaultRole],_,_)``, ``job(_:_:_:)``
public struct Registrar: Sendable {
    /// All that was registered so far. For the kernel.
    public private(set) var contributions = Contributions()

    /// Makes an empty registrar. For the kernel and for tests.
    public init() {}

    mutating func note(_ change: (inout Contributions) -> Void) { change(&contributions) }
}

extension Registrar {
    /// An entity of this plugin: a table, with lists, forms, JSON and commands.
    public mutating func entity<E: Entity>(_: E.Type) {
        note { $0.entities.append(.init(schema: E.schema, isForeign: false)) }
    }

    /// Fields of another plugin's entity that this plugin needs. Without that plugin the entity is simply not there if
    /// `plugin.json` lists the plugin as optional; otherwise this plugin is refused.
    public mutating func uses<E: ForeignEntity>(_: E.Type) {
        note { $0.entities.append(.init(schema: E.schema, isForeign: true)) }
    }

    /// A step that runs once per deployment, in the order of registration, in the transaction that makes the plugin's
    /// tables. Its name never changes once released, nor does what it does.
    public mutating func migration(_ name: String, _ body: @escaping @Sendable (Transaction) throws -> Void) {
        note { $0.migrations.append(.init(name: name, body: body)) }
    }

    /// Looks at the data that an earlier release left, before anything of it is changed: a thrown error refuses the upgrade with
    /// its reason, and the earlier release goes on serving.
    ///
    /// ```swift
    /// crm.beforeUpgrade { old in
    ///     guard old.version.hasPrefix("1."), try old.count(of: "ticket", where: "state", is: .text("draft")) > 0 else { return }
    ///     throw CRMError.refused("there are drafts", hint: "Send or delete them first.")
    /// }
    /// ```
    public mutating func beforeUpgrade(_ check: @escaping @Sendable (OldData) throws -> Void) {
        note { $0.upgradeChecks.append(check) }
    }

    /// A field has another name than in an earlier release: its column is renamed and keeps its data.
    public mutating func renamed<E: Entity>(_: E.Type, from old: String, to field: any AnyField) {
        note { $0.renames.append(.init(entity: E.schema.name, from: old, to: field.name)) }
    }

    /// Lifelike records for trying the product out: filled in only when asked for.
    public mutating func demo(_ name: String, _ body: @escaping @Sendable (Transaction) throws -> Void) {
        note { $0.demos.append(.init(name: name, body: body)) }
    }

    /// Rights that a default role has on an entity when the plugin is first enabled. Administrators change them later.
    public mutating func grant<E: Entity>(_ role: DefaultRole, _: E.Type, _ grants: Grant...) {
        note { for grant in grants { $0.grants.append(.init(role: role, entity: E.schema.name, grant: grant)) } }
    }

    /// The same rights for several default roles.
    public mutating func grant<E: Entity>(_ roles: [DefaultRole], _: E.Type, _ grants: [Grant]) {
        note {
            for role in roles {
                for grant in grants { $0.grants.append(.init(role: role, entity: E.schema.name, grant: grant)) }
            }
        }
    }

    /// Work in the background, by a schedule or when queued. The name is `<plugin>.<name>`.
    public mutating func job(
        _ name: String, _ schedule: Schedule, _ body: @escaping @Sendable (Context) async throws -> Void
    ) {
        note { $0.jobs.append(.init(name: name, schedule: schedule, body: body)) }
    }
}
