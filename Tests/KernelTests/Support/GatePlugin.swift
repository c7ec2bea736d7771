import PluginAPI

@testable import Kernel

/// What a plugin offers to the world outside: pages, doors and keys.
struct GatePlugin: Plugin {
    enum Door: Entity {
        static let name = Field<String>("name", .unique)
        static let width = Field<Int?>("width")
        static let price = Field<Money?>("price")
        static let secret = Field<String?>("key_code", .secret)
        static let schema = Schema("door", name, width, price, secret)
    }

    static let token = Setting<String?>("gate.token", "Token", default: nil, .maxLength(200), .secret, .help("Opens the gate."))

    func register(with crm: inout Registrar) {
        crm.entity(Door.self)
        crm.setting(GatePlugin.token)
        crm.prepare(Door.self) { change, transaction in
            if change.isNew { change.new[Door.secret] = Seal.hex(try transaction.randomBytes(8)) }
        }
        crm.route(.get, "echo", requires: .everyone) { request, context in
            var lines = request.headers.filter { ["cookie", "authorization", "x-made-up"].contains($0.key) }.map { "\($0.key)=\($0.value)" }.sorted()
            lines += [request.address, request.network, context.user == nil ? "nobody" : "somebody"]
            return .text(lines.joined(separator: "\n"))
        }
        crm.route(.post, "echo", requires: .everyone) { request, _ in
            let form = try request.form()
            return .text(form.fields.map { "\($0.name)=\($0.value)" }.joined(separator: "\n"))
        }
        crm.route(.get, "inside", requires: .anyUser) { request, context in
            .text("\(request.headers["authorization"] ?? "-") \(context.user == nil ? "nobody" : "somebody")")
        }
        crm.route(.get, "page", requires: .everyone) { _, _ in
            var page = HostedPage("Ring <the> bell", [.text("First line\nSecond <b>line</b>"), .link("Away", to: "javascript:alert(1)")])
            page.frameAncestors = [WebOrigin("https://www.example.com/contact")].compactMap { $0 }
            page.formTargets = [WebOrigin("https://thanks.example.com")].compactMap { $0 }
            var field = HostedField(FieldDescription(name: "name", kind: .text, isRequired: true, rules: [.label("Your \"name\"")]))
            (field.texts, field.problem, field.autocomplete) = (["<script>"], "is too short", "name")
            var form = HostedForm(action: "/plugins/gate/echo", fields: [field], button: "Ring")
            form.trap = "website"
            form.hidden = [("began", "1")]
            page.parts.append(.form(form))
            return .page(page)
        }
        crm.route(.get, "away/{where}", requires: .everyone) { request, _ in
            switch request.parameters["where"] {
            case "here": .redirect(to: "/plugins/gate/page")
            case "there": .redirect(to: "https://example.com/thanks").with("cache-control", "max-age=60")
            case "nowhere": .redirect(to: "//evil.example")
            default: .text("x").with("set-cookie", "tenon_session=mine")
            }
        }
        crm.route(.get, "limited", requires: .everyone) { request, context in
            let allowance = context.allow("door " + request.network, atMost: 3, per: .minute)
            return allowance.isGranted ? .text("in") : .text("full", status: 429).with("retry-after", String(allowance.secondsToWait))
        }
        crm.route(.post, "once", requires: .everyone) { request, context in
            let key = request.headers["idempotency-key"] ?? ""
            let answer = try await context.write { transaction in
                try transaction.once(key, of: request.body) {
                    let all = transaction.elevated(for: "the gate keeps the book")
                    let price = try all.value(of: String(decoding: request.body, as: UTF8.self), for: "price", of: Door.self)
                    return "\(try all.insert(Door.self) { $0[Door.name] = key; $0[Door.price] = Money?(value: price) ?? nil }.id)"
                }
            }
            return .text(answer)
        }
        crm.route(.get, "knows", requires: .everyone) { _, context in
            let token = try await context.read { try $0.setting(GatePlugin.token) ?? "none" }
            let codes = try await context.read { transaction in
                try transaction.elevated(for: "the gate knows its codes").all(Door.self).compactMap { $0[Door.secret] }
            }
            return .text("\(token) \(codes.map { "\($0.count)" }.joined(separator: ","))")
        }
    }
}
