import PluginAPI

/// A server on a data directory, from its start to its end.
struct ServerProcess: Sendable {
    var deployment: Deployment
    var host: String
    var port: Int
    var terminal: Terminal

    func run() async throws {
        throw CRMError(.unavailable, "no server yet")
    }
}

struct DeploymentPlan: Sendable {
    var deployment: Deployment
    var email: String
    var name: String
    var password: String
    var currency: Currency
    var timeZone: String
    var demo: Bool

    func carryOut(_ terminal: Terminal) async throws -> JSONValue { throw CRMError(.unavailable, "no kernel yet") }
}
