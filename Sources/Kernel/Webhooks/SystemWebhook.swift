import PluginAPI

/// An address outside that is told of hooks. Its secret is not a field: it stands in a table of its own and is shown once,
/// by the action that makes it.
enum SystemWebhook: Entity {
    static let name = Field<String>("name", .maxLength(120), .unique, .searchable)
    static let url = Field<String>(
        "url", .url, .maxLength(2000), .label("Address"), .help("Events are sent there with POST, as JSON, signed."))
    static let hooks = Field<String>(
        "hooks", .multiline, .maxLength(4000),
        .help("The names of hooks, one a line, such as user_created. * stands for all. The page of jobs and hooks and “tenon hooks list” name those that there are."))
    static let entity = Field<String?>(
        "entity", .maxLength(60), .label("Only of"), .help("The name of an entity, such as user: hooks of others are left out."))
    static let owner = Field<Reference<User>>(
        "owner", .owner, .filledIn, .help("What is sent of a record is what this user may see of it."))
    static let active = Field<Bool>("active", .byDefault(true), .indexed)
    static let reason = Field<String?>("inactive_reason", .maxLength(500), .readOnly, .label("Switched off because"))
    static let deliveredAt = Field<Moment?>("delivered_at", .readOnly, .label("Last delivered"))
    static let failingSince = Field<Moment?>("failing_since", .readOnly)

    static let schema = Schema("webhook", name, url, hooks, entity, owner, active, reason, deliveredAt, failingSince)
        .icon("link").group("Administration")
}

/// One event on its way to one address, and what came of it. Written by the product alone.
enum SystemWebhookDelivery: Entity {
    enum Status: String, Choice {
        case pending, delivered, failed
    }

    static let hook = Field<String>("hook", .maxLength(120), .readOnly)
    static let webhook = Field<Reference<SystemWebhook>>("webhook", .readOnly, .whenTargetIsDeleted(.cascade))
    static let event = Field<String>("event", .maxLength(80), .readOnly, .help("The same for every attempt: receivers know repetitions by it."))
    static let status = Field<Status>("status", .readOnly, .indexed, .byDefault(Status.pending))
    static let attempts = Field<Int>("attempts", .readOnly, .byDefault(0))
    static let sentAt = Field<Moment?>("sent_at", .readOnly, .label("Last attempt"))
    static let nextAt = Field<Moment?>("next_at", .readOnly, .label("Next attempt"))
    static let duration = Field<Int?>("duration_ms", .readOnly, .label("Duration (ms)"))
    static let answer = Field<Int?>("answer_status", .readOnly, .label("Answer"))
    static let problem = Field<String?>("problem", .maxLength(2000), .readOnly)
    static let excerpt = Field<String?>("answer_excerpt", .multiline, .readOnly, .label("Beginning of the answer"))
    static let body = Field<String>("body", .multiline, .readOnly, .label("What is sent"))

    static let schema = Schema(
        "webhook_delivery", hook, webhook, event, status, attempts, sentAt, nextAt, duration, answer, problem, excerpt, body)
        .icon("inbox").group("Administration").unique(together: webhook, event)
}

/// What the kernel contributes for webhooks.
enum WebhookContributions {
    static func register(with crm: inout Registrar) {
        crm.setting(KernelSettings.webhookPatience)
        crm.entity(SystemWebhook.self)
        crm.list(
            SystemWebhook.self,
            columns: [SystemWebhook.name, SystemWebhook.url, SystemWebhook.hooks, SystemWebhook.active, SystemWebhook.deliveredAt, SystemWebhook.failingSince],
            filters: [SystemWebhook.active, SystemWebhook.owner], sort: .ascending(SystemWebhook.name))
        crm.view(SystemWebhook.self, "Failing", where: SystemWebhook.failingSince != nil)
        crm.view(SystemWebhook.self, "Switched off", where: SystemWebhook.active == false)
        crm.detail(
            SystemWebhook.self, FieldSection("", SystemWebhook.name, SystemWebhook.url, SystemWebhook.hooks, SystemWebhook.entity),
            FieldSection("Rights", SystemWebhook.owner),
            FieldSection(
                "State", SystemWebhook.active, SystemWebhook.reason, SystemWebhook.deliveredAt, SystemWebhook.failingSince))
        crm.leadingPanel(SystemWebhook.self, "missing", "Waits in vain", WebhookRules.missing)
        crm.prepare(SystemWebhook.self, WebhookRules.prepare)
        crm.prepare(SystemWebhook.self, priority: 1000, WebhookRules.guardOwner)
        crm.validate(SystemWebhook.self, WebhookRules.problems)
        crm.onSave(SystemWebhook.self, WebhookRules.saved)
        crm.onDelete(SystemWebhook.self, WebhookRules.deleted)
        crm.action(NewWebhookSecret.self)
        crm.action(SendWebhookTest.self)

        crm.entity(SystemWebhookDelivery.self)
        crm.list(
            SystemWebhookDelivery.self,
            columns: [
                SystemWebhookDelivery.hook, SystemWebhookDelivery.webhook, SystemWebhookDelivery.status, SystemWebhookDelivery.answer,
                SystemWebhookDelivery.attempts, SystemWebhookDelivery.sentAt, SystemWebhookDelivery.nextAt,
            ],
            filters: [SystemWebhookDelivery.webhook, SystemWebhookDelivery.status], sort: .descending(SystemWebhookDelivery.createdAt))
        crm.view(SystemWebhookDelivery.self, "Waiting", where: SystemWebhookDelivery.status == .pending)
        crm.view(SystemWebhookDelivery.self, "Failed", where: SystemWebhookDelivery.status == .failed)
        crm.detail(
            SystemWebhookDelivery.self,
            FieldSection(
                "", SystemWebhookDelivery.hook, SystemWebhookDelivery.webhook, SystemWebhookDelivery.event, SystemWebhookDelivery.status,
                SystemWebhookDelivery.attempts, SystemWebhookDelivery.sentAt, SystemWebhookDelivery.nextAt),
            FieldSection(
                "Answer", SystemWebhookDelivery.answer, SystemWebhookDelivery.duration, SystemWebhookDelivery.problem,
                SystemWebhookDelivery.excerpt),
            FieldSection("Event", SystemWebhookDelivery.body))
        crm.prepare(SystemWebhookDelivery.self) { _, _ in
            throw CRMError.refused("deliveries are written by the product itself", hint: "Use the action redeliver to send one again.")
        }
        crm.action(RedeliverWebhook.self)
        crm.job(WebhookLog.pruning, .daily(at: "03:40")) { context in
            guard let backend = context.backend(as: StoreContext.self) else { return }
            try await WebhookLog.prune(backend.store.engine, now: context.now)
        }
    }
}
