import PluginAPI
import Synchronization
@testable import Kernel

/// A deployment as the command line meets it, with answers written down beforehand, and a screen that remembers.
final class FakeDeployment: APITransport {
    private struct State {
        var answers: [String: [APIResponse]] = [:]
        var requests: [APIRequest] = []
        var out: [UInt8] = []
        var errors: [UInt8] = []
    }
    private let state = Mutex(State())
    private let width: Int?
    private let style: TextStyle
    private let input: String

    init(width: Int? = nil, style: TextStyle = .plain, input: String = "", schema: String = FakeDeployment.schema) {
        self.width = width
        self.style = style
        self.input = input
        answer("GET /api/v1/schema", schema)
    }

    /// What a request is answered with. Given more than once, the answers follow one another; the last one stays.
    func answer(_ request: String, status: Int = 200, _ body: String, trace: String? = nil, duplicates: String? = nil) {
        var response = APIResponse(status: status, headers: ["content-type": "application/json"], body: Array(body.utf8))
        if let duplicates { response.headers["tenon-duplicates"] = duplicates }
        if let trace { response.headers["tenon-trace"] = trace }
        state.withLock { $0.answers[request, default: []].append(response) }
    }

    func send(_ request: APIRequest, sink: (@Sendable ([UInt8]) throws -> Void)?) async throws -> APIResponse {
        let key = "\(request.method) /\(request.path.joined(separator: "/"))"
        var response = state.withLock { state -> APIResponse in
            state.requests.append(request)
            let left = state.answers[key] ?? []
            if left.count > 1 { state.answers[key]?.removeFirst() }
            return left.first ?? APIResponse(
                status: 404, body: Array(#"{"type":"x/not_found","detail":"there is no \#(key)"}"#.utf8))
        }
        if response.isSuccess, let sink {
            try sink(response.body)
            response.body = []
        }
        return response
    }

    /// Runs a command line; returns its exit status.
    @discardableResult
    func run(_ arguments: String...) async -> ExitStatus { await run(arguments) }

    @discardableResult
    func run(_ arguments: [String]) async -> ExitStatus {
        let terminal = Terminal(isInteractive: false, showsProgress: false, canAsk: false, style: style, width: width) { bytes, isError in
            self.state.withLock { if isError { $0.errors += bytes } else { $0.out += bytes } }
        }
        let invocation = Invocation(
            environment: [:], terminal: { _ in terminal }, connect: { _ in APIClient(transport: self) },
            readInput: { Array(self.input.utf8) })
        return await Invocation.$current.withValue(invocation) { await CommandLineFront.run(arguments) }
    }

    var out: String { String(decoding: state.withLock { $0.out }, as: UTF8.self) }
    var errors: String { String(decoding: state.withLock { $0.errors }, as: UTF8.self) }
    /// `GET /api/v1/projects?limit=50`, without the schema that every record command asks for.
    var requests: [String] {
        state.withLock { $0.requests }.map { "\($0.method) \($0.target)" }.filter { $0 != "GET /api/v1/schema" }
    }
    /// Those that asked for a trace.
    var traced: [String] {
        state.withLock { $0.requests }.filter { $0.headers["tenon-trace"] == "1" }.map { "\($0.method) \($0.target)" }
    }
    var lastRequest: APIRequest? { state.withLock { $0.requests.last } }
    var lastBody: String { String(decoding: lastRequest?.body ?? [], as: UTF8.self) }

    static let schema = """
        {"currency": "EUR", "entities": [
          {"name": "project", "path": "projects", "title": "Project", "plural_title": "Projects", "group": "Work", "label_field": "title",
           "list": {"columns": ["title", "status", "value"], "filters": ["status"], "sort": "-created_at"},
           "sections": [{"title": "", "fields": ["title", "status", "value"]}, {"title": "More", "fields": ["due", "assigned_to", "active"]}],
           "links": [{"path": "tasks", "field": "project", "title": "Tasks"}],
           "fields": [
            {"name": "title", "label": "Title", "type": "text", "required": true, "max_length": 200},
            {"name": "status", "label": "Status", "type": "choice", "options": [
              {"key": "new", "label": "New", "color": "#3454c5"}, {"key": "done", "label": "Done", "color": "#1b6b3f"}], "default": "new"},
            {"name": "value", "label": "Value", "type": "money"},
            {"name": "due", "label": "Due", "type": "day"},
            {"name": "assigned_to", "label": "Assigned to", "type": "reference", "target": "user"},
            {"name": "active", "label": "Active", "type": "boolean"},
            {"name": "score", "label": "Score", "type": "integer", "read_only": true},
            {"name": "created_at", "label": "Created at", "type": "moment", "read_only": true, "system": true}],
           "actions": [{"name": "close-down", "title": "Close down", "summary": "Ends the project for good.", "style": "danger", "fields": [
            {"name": "closing_reason", "label": "Reason", "type": "text", "required": true}]}]},
          {"name": "task_kind", "path": "task-kinds", "title": "Task kind", "plural_title": "Task kinds", "group": "Work", "label_field": "name",
           "list": {"columns": ["name"]}, "fields": [{"name": "name", "label": "Name", "type": "text", "required": true}]}]}
        """

    static let page = """
        {"data":[{"id":7,"version":2,"title":"Harbour wall","status":"new","value":{"amount":"12500.00","currency":"EUR"}},\
        {"id":12,"version":1,"title":"北海 lighthouse","status":"done","value":null}],"next":null}
        """
}
