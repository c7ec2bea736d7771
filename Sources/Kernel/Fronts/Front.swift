import PluginAPI

/// The one door: finds out who asks and hands the request to the front that answers it. Free of any HTTP library, so the
/// command line and tests go through it as the network does.
struct Front: Sendable {
    let kernel: Kernel
    let assets: AssetFiles

    init(kernel: Kernel, assets: AssetFiles) {
        self.kernel = kernel
        self.assets = assets
    }

    /// Answers any request. Never throws: a failure is an answer too.
    func respond(_ request: FrontRequest) async -> FrontResponse {
        await SeenPosition.carry(request, kernel.store.engine) { await respondHere(request) }
    }

    private func respondHere(_ request: FrontRequest) async -> FrontResponse {
        guard TraceRequest.isWanted(by: request) else { return await answer(request) }
        return await TraceRequest(kernel: kernel).respond(request) { await answer(request) }
    }

    private func answer(_ request: FrontRequest) async -> FrontResponse {
        guard request.method == "HEAD" else {
            let response = await route(request)
            if request.method != "GET", response.status < 400 { kernel.trouble.end() }
            return Front.hardened(response)
        }
        var question = request
        question.method = "GET"
        return Front.hardened(await route(question)).withoutBody
    }

    private func route(_ request: FrontRequest) async -> FrontResponse {
        switch request.path.first {
        case nil: return .redirect("/admin")
        case "assets": return assets.respond(request)
        case "healthz": return .text("ok\n")
        case "readyz": return await ready()
        case "metrics": return await guarded { try await OperationsAPI(kernel: kernel).figures(request) }
        case "openapi.json":
            return await guarded {
                let caller = try await kernel.authenticator.caller(for: request)
                return .json(OpenAPIDocument(registry: kernel.store.registry, actor: caller?.actor).bytes)
            }
        case "api" where request.path.count > 1 && request.path[1] == "v1":
            return await guarded {
                try await APIFront(kernel: kernel).respond(request, try await kernel.authenticator.caller(for: request))
            }
        case "plugins":
            return await guarded {
                try await RouteFront(kernel: kernel).respond(request) { try await kernel.authenticator.caller(for: request) }
            }
        case "admin", "login", "logout":
            return await WebFront(kernel: kernel).respond(request)
        default:
            let unknown: CRMError = APIFront.unknown(request)
            guard request.path.first != "api", request.headers["accept"]?.contains("text/html") == true else { return Problems.response(unknown) }
            return ErrorScreen.alone(CRMError(.notFound, "there is no page \(request.rawPath)"))
        }
    }

    private func guarded(_ body: () async throws -> FrontResponse) async -> FrontResponse {
        do { return try await body() } catch { return Problems.response(told(error)) }
    }

    /// A failure as it may be told; what is a defect goes to the log in full.
    func told(_ error: any Error) -> CRMError {
        kernel.trouble.told(error, kernel.store.engine.dialect)
    }

    private func ready() async -> FrontResponse {
        do {
            _ = try await kernel.store.engine.read { try $0.integer("SELECT 1") }
            return .text("ready\n")
        } catch { return .text("not ready\n", status: 503) }
    }

    /// What every answer carries: no sniffing, no framing, no script but our own files.
    private static func hardened(_ response: FrontResponse) -> FrontResponse {
        var response = response
        response.headers.append(noSniffing)
        response.headers.append(noReferrer)
        let frame = response.frame ?? FrontResponse.Frame()
        // The older header knows no list: where there is one, the policy alone speaks.
        if frame.ancestors.isEmpty { response.headers.append(noFrame) }
        let isPage = response.headers.contains { $0.name == "content-type" && $0.value.hasPrefix("text/html") }
        response.headers.append(isPage ? ("content-security-policy", policy(frame)) : inert)
        if !response.headers.contains(where: { $0.name == "cache-control" }) { response.headers.append(notKept) }
        return response
    }

    /// What most answers bear, however they came about.
    static let usualHeaders: [(name: String, value: String)] = [("content-type", "application/json"), noSniffing, noReferrer, noFrame, inert, notKept]

    private static let noSniffing = (name: "x-content-type-options", value: "nosniff")
    private static let noReferrer = (name: "referrer-policy", value: "same-origin")
    private static let noFrame = (name: "x-frame-options", value: "DENY")
    private static let notKept = (name: "cache-control", value: "no-store")

    /// For what is no page: opened by itself it may do nothing at all, whatever it turns out to be.
    private static let inert = (
        name: "content-security-policy", value: "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
    )

    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"

    private static func policy(_ frame: FrontResponse.Frame) -> String {
        if frame.ancestors.isEmpty, frame.formTargets.isEmpty { return policy }
        let targets = (["'self'"] + frame.formTargets).joined(separator: " ")
        let ancestors = frame.ancestors.isEmpty ? "'none'" : frame.ancestors.joined(separator: " ")
        return policy.replacing("form-action 'self'", with: "form-action " + targets)
            .replacing("frame-ancestors 'none'", with: "frame-ancestors " + ancestors)
    }
}
