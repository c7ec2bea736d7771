public import PluginAPI

/// A key with which another system sends leads. The key itself is shown once; what is stored of it does not open anything.
public enum InboundKey: Entity {
    public static let name = Field<String>("name", .maxLength(100), .unique, .searchable, .help("The system that sends leads with it."))
    public static let active = Field<Bool>("active", .byDefault(true))
    public static let fields = Field<String?>(
        "fields", LeadFields.rule, .maxLength(2000), .help("The fields of a lead that it may fill in; all of them when empty."))
    public static let source = Field<Reference<LeadSource>?>("source", .whenTargetIsDeleted(.clear))
    public static let campaign = Field<String?>("campaign", .maxLength(100), .help("A tag that the leads get, unless the system names one."))
    public static let assignTo = Field<Reference<User>?>("assign_to", .whenTargetIsDeleted(.clear))
    public static let perMinute = Field<Int>("per_minute", .label("Most leads a minute"), .range(1...10_000), .byDefault(300))
    public static let hint = Field<String?>("key_hint", .maxLength(12), .readOnly, .label("Key ends in"))
    public static let hash = Field<String?>("key_hash", .maxLength(64), .secret, .unique)

    public static let schema = Schema("inbound_key", name, active, fields, source, campaign, assignTo, perMinute, hint, hash)
        .icon("link").group("Sales").lookup()

    private static let prefix = "lead_"

    /// What is stored of a key: it has 256 random bits, so that no slow hash is needed.
    static func fingerprint(_ key: String, _ transaction: Transaction) throws -> String {
        Seal.hex(try transaction.hmacSHA256(key: Array("inbound key".utf8), Array(key.utf8)))
    }

    static func make(_ transaction: Transaction) throws -> String { prefix + Seal.hex(try transaction.randomBytes(32)) }

    /// The key that was given, if it still opens anything.
    static func find(_ given: String, _ transaction: Transaction) throws -> Record<InboundKey>? {
        guard given.hasPrefix(prefix), given.utf8.count <= 200 else { return nil }
        let all = transaction.elevated(for: "A key speaks for the system that has it.")
        let mark = try fingerprint(given, transaction)
        guard let key = try all.first(InboundKey.self, where: InboundKey.hash == mark), key[active] else { return nil }
        return key
    }

    @Sendable static func check(_ change: inout Change<InboundKey>, _ transaction: Transaction) throws {
        let known = try LeadFields.fillable(transaction).map(\.name)
        let problems = LeadFields.names(change.new[fields]).filter { !known.contains($0) }
            .map { Problem(fields, "names \($0), which other systems cannot fill in") }
        guard problems.isEmpty else { throw CRMError(.invalid, "the key cannot be saved as it is", problems: problems) }
    }
}

/// Makes a key and shows it, this once.
enum NewInboundKey: Action {
    typealias Target = InboundKey
    static let name = "new-key"
    static let title = "New key"
    static let summary = "Makes a key and shows it once. The one before it stops working at once."
    static let style = ActionStyle.primary

    static func run(_ call: inout ActionCall<Self>, _ transaction: Transaction) throws {
        let all = transaction.elevated(for: "A key is written by its action alone.")
        var record = try all.find(InboundKey.self, call.record.id)
        let key = try InboundKey.make(transaction)
        record[InboundKey.hash] = try InboundKey.fingerprint(key, transaction)
        record[InboundKey.hint] = String(key.suffix(4))
        try all.save(record)
        call.results["secret"] = .text(key)
        call.message = "Copy the key now: it is not shown again"
    }
}

extension Intake {
    init(_ key: Record<InboundKey>) {
        self.init(name: key[InboundKey.name])
        let named = LeadFields.names(key[InboundKey.fields])
        fields = named.isEmpty ? nil : named
        source = key[InboundKey.source]
        campaign = key[InboundKey.campaign]
        assignTo = key[InboundKey.assignTo]
    }
}
