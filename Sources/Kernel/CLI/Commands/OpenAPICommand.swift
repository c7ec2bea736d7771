import ArgumentParser

struct OpenAPICommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "openapi",
        abstract: "Print the OpenAPI description of the JSON interface.",
        discussion: "EXAMPLES:\n  tenon openapi > openapi.json")
    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run(_ session: Session) async throws {
        let response = try await session.client.send(APIRequest(method: "GET", path: ["openapi.json"]))
        session.terminal.print(json: response.body)
    }
}
