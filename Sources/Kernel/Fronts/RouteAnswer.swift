import PluginAPI

/// Turns the answer of a plugin's route into the product's: with the headers that a plugin may set and no others.
struct RouteAnswer {
    let answer: RouteResponse
    let plugin: String
    /// What the deployment is called.
    let name: String
    let assets: AssetFiles

    init(_ answer: RouteResponse, plugin: String, name: String, assets: AssetFiles) {
        self.answer = answer
        self.plugin = plugin
        self.name = name
        self.assets = assets
    }

    private static let allowed: Set<String> = [
        "location", "cache-control", "content-disposition", "content-language", "retry-after", "etag", "last-modified", "link", "vary",
        "www-authenticate", "x-robots-tag", "access-control-allow-origin", "access-control-expose-headers",
    ]

    var response: FrontResponse {
        get throws {
            guard (200...599).contains(answer.status) else { throw defect("answers with the status \(answer.status)") }
            var response: FrontResponse
            if let page = answer.page {
                response = .html(HostedScreen(page: page, name: name, assets: assets).html.bytes, status: answer.status)
                response.frame = FrontResponse.Frame(
                    ancestors: page.frameAncestors.map(\.description), formTargets: page.formTargets.map(\.description))
            } else {
                let wanted = answer.headers.first { $0.key.lowercased() == "content-disposition" }
                let served = ServedBytes(answer.body, claimed: answer.contentType, wanted: try wanted.map { try headerValue($0.key, $0.value) })
                response = FrontResponse(answer.status, contentType: served.contentType, answer.body)
                if let disposition = served.disposition { response = response.with("content-disposition", disposition) }
            }
            for (name, value) in answer.headers.sorted(by: { $0.key < $1.key }) where answer.page != nil || name.lowercased() != "content-disposition" {
                response.headers.append((try headerName(name), try headerValue(name, value)))
            }
            return response
        }
    }

    private func headerName(_ name: String) throws -> String {
        let name = name.lowercased()
        guard RouteAnswer.allowed.contains(name) else { throw defect("sets the header \(name), which is the product's") }
        return name
    }

    private func headerValue(_ name: String, _ value: String) throws -> String {
        guard value.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) else { throw defect("sets the header \(name) to something unreadable") }
        guard name.lowercased() == "location" else { return value }
        let isOurs = value.hasPrefix("/") && !value.hasPrefix("//") && !value.hasPrefix("/\\")
        guard isOurs || WebOrigin(value) != nil else { throw defect("redirects to something that is no address") }
        return value
    }

    private func defect(_ what: String) -> CRMError {
        CRMError(.internalError, "something went wrong here", cause: CRMError(.internalError, "a route of the plugin \(plugin) \(what)"))
    }
}
