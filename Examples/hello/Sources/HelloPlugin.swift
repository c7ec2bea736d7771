import PluginAPI

/// What the module does, from top to bottom.
struct HelloPlugin: Plugin {
    func register(with crm: inout Registrar) {
        crm.entity(Greeting.self)
        crm.list(Greeting.self, columns: [Greeting.text, Greeting.language], filters: [Greeting.language])
        crm.validate(Greeting.self) { greeting in
            greeting[Greeting.text].hasSuffix("!") ? [] : [Problem(Greeting.text, "must end with an exclamation mark")]
        }
        crm.route(.get, "greet/{name}", requires: .anyUser) { request, context in
            let greeting = try await context.read { try $0.first(Greeting.self, where: Condition(.everything))?[Greeting.text] }
            return .text("\(greeting ?? "Hello!") \(request.parameters["name"] ?? "")\n")
        }
        crm.grant(.salesAgent, Greeting.self, .view(), .create, .edit())
    }
}

@_cdecl("tenon_plugin") public func tenonPlugin() -> UnsafeMutableRawPointer { exportPlugin(HelloPlugin()) }
