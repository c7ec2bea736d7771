import PluginAPI

/// Something that happened, on its way to the webhooks that wait for it. It rides the outbox, one row for all webhooks, and
/// has its id from the beginning, so that a repetition is known as one.
struct WebhookEvent: Sendable {
    let id: String
    let hook: String
    let moment: Moment
    let user: Int64?
    let via: String
    /// JSON.
    let payload: [UInt8]

    /// Under what events of all hooks stand in the outbox: one lane, so that they keep their order.
    static let lane = "*"
    static let listener = "webhooks"

    init(hook: String, moment: Moment, user: Int64?, via: String, payload: [UInt8]) {
        id = "evt_" + Secrets.random(bytes: 18)
        self.hook = hook
        self.moment = moment
        self.user = user
        self.via = via
        self.payload = payload
    }

    /// Reads what ``store(_:)`` wrote.
    init(_ delivery: Delivery) throws {
        let json = try JSONValue(parsing: Array(delivery.payload.utf8))
        guard let id = json["id"]?.text, let hook = json["hook"]?.text, let payload = json["payload"] else {
            throw CRMError(.internalError, "an event for webhooks cannot be read")
        }
        self.id = id
        self.hook = hook
        self.payload = Array(payload.text().utf8)
        via = json["via"]?.text ?? ""
        moment = delivery.createdAt
        user = delivery.user
    }

    /// Leaves it in the outbox, in the transaction of what happened.
    func store(_ connection: any Connection) throws {
        let json = JSONWriter.object { json in
            json.field("id", id)
            json.field("hook", hook)
            json.field("via", via)
            json.key("payload")
            if payload.isEmpty { json.raw("{}".utf8) } else { json.raw(payload) }
        }
        try Outbox.post(
            connection, hook: WebhookEvent.lane, plugin: Composition.kernel, listener: WebhookEvent.listener, payload: json, user: user,
            now: moment)
    }

    /// What is sent.
    func body(people: [Int64: RightsSnapshot.Person], payload other: JSONValue? = nil, record: [UInt8]?) -> [UInt8] {
        JSONWriter.object { json in
            json.field("id", id)
            json.field("hook", hook)
            json.field("moment", moment)
            json.key("actor")
            json.beginObject()
            json.key("id")
            if let user { json.integer(user) } else { json.null() }
            json.field("name", user.flatMap { people[$0]?.name })
            json.field("via", via)
            json.endObject()
            json.key("payload")
            if let other { json.raw(other.text().utf8) } else { json.raw(payload.isEmpty ? Array("{}".utf8) : payload) }
            if let record {
                json.key("record")
                json.raw(record)
            }
        }
    }
}
