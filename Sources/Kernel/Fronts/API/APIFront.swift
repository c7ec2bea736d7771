import PluginAPI

/// The JSON front: `/api/v1/…`. Fixed names first, then the entities by their plural; anything else is not found.
struct APIFront: Sendable {
    let kernel: Kernel

    /// Answers a request below `/api/v1`.
    func respond(_ request: FrontRequest, _ caller: Caller?) async throws -> FrontResponse {
        guard let caller else {
            throw CRMError(.unauthenticated, "nobody is logged in", hint: "Send a token: Authorization: Bearer …")
        }
        let rest = request.path.dropFirst(2)
        guard let first = rest.first else { throw APIFront.unknown(request) }
        let below = rest.dropFirst()
        switch first {
        case "schema": return try await SchemaAPI(kernel: kernel).respond(request, caller, below)
        case "me": return try await IdentityAPI(kernel: kernel).me(caller)
        case "search": return try await SearchAPI(kernel: kernel).respond(request, caller, below)
        case "tokens": return try await IdentityAPI(kernel: kernel).tokens(request, caller, below)
        case "access": return try await AccessAPI(kernel: kernel).respond(request, caller, below)
        case "plugins": return try await PluginsAPI(kernel: kernel).respond(request, caller, below)
        case "status": return try await StatusAPI(kernel: kernel).respond(request, caller, below)
        case "crashes": return try await CrashesAPI(kernel: kernel).respond(request, caller, below)
        case "deployment": return try await DeploymentAPI(kernel: kernel).respond(request, caller, below)
        case "custom-fields": return try await CustomFieldsAPI(kernel: kernel).respond(request, caller, below)
        case "formulas": return try await FormulasAPI(kernel: kernel).respond(request, caller, below)
        case "settings": return try await SettingsAPI(kernel: kernel).respond(request, caller, below)
        case "mail": return try await MailAPI(kernel: kernel).respond(request, caller, below)
        case "jobs": return try await JobsAPI(kernel: kernel).respond(request, caller, below)
        case "hooks": return try await HooksAPI(kernel: kernel).respond(request, caller, below)
        case "traces": return try await TracesAPI(kernel: kernel).respond(request, caller, below)
        case "notifications": return try await NotificationsAPI(kernel: kernel).respond(request, caller, below)
        case "metrics": return try await MetricsAPI(kernel: kernel).respond(request, caller, below)
        case "changes": return try await ChangesAPI(kernel: kernel).respond(request, caller, below)
        case "dashboards": return try await DashboardsAPI(kernel: kernel).respond(request, caller, below)
        case "imports": return try await ImportsAPI(importer: kernel.imports, store: kernel.store).respond(request, caller, below)
        case "backup": return try await BackupAPI(kernel: kernel).respond(request, caller, below)
        case "doctor": return try await DoctorAPI(kernel: kernel).respond(request, caller, below)
        case "users" where below.count == 2 && below.last == "password":
            return try await IdentityAPI(kernel: kernel).password(request, caller, below)
        case "roles" where below.first == "matrix": return try await AccessAPI(kernel: kernel).matrix(request, caller)
        default:
            guard let entity = kernel.store.registry.entity(path: first) else { throw APIFront.unknown(request) }
            return try await RecordsAPI(kernel: kernel, entity: entity).respond(request, caller, below)
        }
    }

    static func unknown(_ request: FrontRequest) -> CRMError {
        CRMError(.notFound, "there is nothing at \(request.rawPath)", hint: "See /openapi.json for what there is.")
    }

    static func wrongMethod(_ request: FrontRequest, _ allowed: String) -> FrontResponse {
        let error = CRMError(.malformed, "\(request.method) is not possible at \(request.rawPath)", hint: "Use \(allowed).")
        var response = Problems.response(error)
        response.status = 405
        return response.with("allow", allowed)
    }

    /// The body, a JSON object; an empty one counts as an empty object.
    static func body(_ request: FrontRequest) throws -> JSONValue {
        if request.body.isEmpty { return .object([]) }
        let json = try JSONValue(parsing: request.body)
        guard json.members != nil else { throw CRMError(.malformed, "the body is not a JSON object", hint: "Send {\"field\": value}.") }
        return json
    }

    /// A whole number from the query, or the usual one when it is not given; throws `invalid` when it is out of bounds.
    static func number(_ name: String, _ request: FrontRequest, usual: Int, _ bounds: ClosedRange<Int>) throws -> Int {
        guard let text = request.parameter(name), !text.isEmpty else { return usual }
        guard let number = Int(text), bounds.contains(number) else {
            throw CRMError(
                .invalid, "the query does not fit",
                problems: [Problem(field: name, "must be from \(bounds.lowerBound) to \(bounds.upperBound)")])
        }
        return number
    }

    static func id(_ text: String) throws -> RecordID {
        guard let raw = Int64(text), raw > 0 else { throw CRMError(.notFound, "\(text.prefix(40)) is not an id") }
        return RecordID(raw)
    }
}
