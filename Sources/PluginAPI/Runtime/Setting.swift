/// A setting of the deployment that a plugin reads: `Setting<Int>("leads.stale_days", "Days until a lead is stale", default: 14)`.
public struct Setting<V: FieldValue>: Sendable {
    /// The key: `<plugin>.<name>`.
    public let key: String
    /// The words that people see.
    public let label: String
    /// The value while none is stored.
    public let fallback: V
    /// What values are allowed and how they are shown.
    public let field: FieldDescription

    /// Makes a setting.
    public init(_ key: String, _ label: String, default fallback: V, _ rules: FieldRule...) {
        self.key = key
        self.label = label
        self.fallback = fallback
        field = FieldDescription(name: key, kind: V.kind, isRequired: !V.isOptional, rules: [.label(label)] + rules)
    }
}
