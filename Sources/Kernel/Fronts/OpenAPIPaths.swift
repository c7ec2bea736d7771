import PluginAPI

/// The paths that every deployment has, whatever its modules.
enum OpenAPIPaths {
    struct Path {
        let path: String
        let operations: [(method: String, summary: String)]

        init(_ path: String, _ operations: (method: String, summary: String)...) {
            self.path = path
            self.operations = operations
        }
    }

    static let all: [Path] = [
        Path("/api/v1/me", ("get", "Who the caller is")), Path("/api/v1/schema", ("get", "Entities, fields and actions for clients")),
        Path("/api/v1/search", ("get", "Records of every entity that contain a text")),
        Path("/api/v1/tokens", ("get", "Tokens without their secrets"), ("post", "Make a token")), Path("/api/v1/tokens/{id}", ("delete", "Revoke a token")),
        Path("/api/v1/users/{id}/password", ("post", "Set a password")), Path("/api/v1/access/explain", ("get", "Why somebody may or may not do something")),
        Path("/api/v1/roles/matrix", ("get", "What every role grants")),
        Path("/api/v1/settings", ("get", "All settings"), ("patch", "Change settings, all or none")), 
        Path("/api/v1/settings/{key}", ("get", "One setting"), ("patch", "Change one setting"), ("delete", "Take a setting back to its default")),
        Path("/api/v1/settings/export", ("get", "All settings as a file")), Path("/api/v1/settings/import", ("post", "Take over a file of settings, or say what it would change")),
        Path("/api/v1/settings/reset", ("post", "Take settings back to their defaults")), Path("/api/v1/settings/history", ("get", "Who changed which setting")),
        Path("/api/v1/plugins", ("get", "All plugins and their states")), Path("/api/v1/plugins/{id}", ("get", "One plugin")),
        Path("/api/v1/plugins/plan", ("post", "What a change of plugins would do")), Path("/api/v1/plugins/{id}/history", ("get", "What became of a plugin here")),
        Path("/api/v1/plugins/enable", ("post", "Switch several plugins on")), Path("/api/v1/plugins/disable", ("post", "Switch several plugins off")),
        Path("/api/v1/plugins/{id}/uses", ("get", "What a plugin did beyond its own records, and what was refused to it")),
        Path("/api/v1/plugins/{id}/enable", ("post", "Switch a plugin on")), Path("/api/v1/plugins/{id}/disable", ("post", "Switch a plugin off")),
        Path("/api/v1/formulas/check", ("post", "Say what a formula comes to, or what is wrong with it")),
        Path("/api/v1/formulas/functions", ("get", "The functions that formulas may call")),
        Path("/api/v1/plugins/{id}/upgrade", ("post", "Take the version in the plugins folder")),
        Path("/api/v1/plugins/{id}/uninstall", ("post", "Archive and drop all that a plugin holds")),
        Path("/api/v1/plugins/restore", ("post", "Bring an archive back")),
        Path("/api/v1/deployment", ("get", "What the deployment is made of, as one document"), ("post", "Bring it to what a document says")),
        Path("/api/v1/custom-fields", ("get", "Fields made at run time"), ("post", "Make a field")),
        Path("/api/v1/custom-fields/{id}", ("get", "One field"), ("patch", "Change a field"), ("delete", "Remove a field")),
        Path("/api/v1/status/peers", ("get", "The servers that work on this database")),
        Path("/api/v1/jobs", ("get", "Schedules and the queue")), Path("/api/v1/jobs/{name}/run", ("post", "Run a job now")),
        Path("/api/v1/jobs/queue/{id}/retry", ("post", "Try a failed job again")), Path("/api/v1/hooks", ("get", "Hooks and who listens")),
        Path("/api/v1/hooks/failed", ("get", "Deliveries that failed")), Path("/api/v1/hooks/failed/{id}/retry", ("post", "Deliver again")),
        Path("/api/v1/hooks/failed/{id}/discard", ("post", "Give a delivery up")),
        Path("/api/v1/hooks/rules", ("get", "What runs when a record changes, in order")),
        Path("/api/v1/hooks/events/{id}", ("get", "What became of an event")),
        Path("/api/v1/hooks/slow", ("get", "Code of plugins that exceeded its time budget"), ("delete", "Count anew")),
        Path("/api/v1/traces", ("get", "The caller's traces of requests sent with Tenon-Trace: 1")),
        Path("/api/v1/traces/{id}", ("get", "What happened within one request")),
        Path("/api/v1/metrics", ("get", "What can be measured")), Path("/api/v1/metrics/{key}", ("get", "A figure over a period, split by fields and spans of time")),
        Path("/api/v1/dashboards", ("get", "Dashboards")), Path("/api/v1/dashboards/{name}", ("get", "All that stands on a dashboard")),
        Path("/api/v1/notifications", ("get", "The caller's notices")), Path("/api/v1/notifications/{id}/read", ("post", "Mark a notice as read")),
        Path("/api/v1/notifications/read-all", ("post", "Mark all notices as read")),
        Path("/api/v1/imports/{id}/problems", ("get", "The rows that failed, a page at a time")),
        Path("/api/v1/changes", ("get", "Changes of many records, merges and imports")),
        Path("/api/v1/changes/{id}", ("get", "One of them, with the records that it changed")),
        Path("/api/v1/changes/{id}/undo", ("post", "Take it back")),
        Path("/api/v1/imports", ("get", "Imports"), ("post", "Upload a file")), Path("/api/v1/imports/{id}", ("get", "One import"), ("patch", "Change its plan"), ("delete", "Remove it and its file")),
        Path("/api/v1/imports/{id}/run", ("post", "Begin, or try it out")), Path("/api/v1/imports/{id}/errors", ("get", "The rows that failed")),
        Path("/api/v1/imports/{id}/revert", ("post", "Take an import back as a whole")), Path("/api/v1/doctor", ("get", "The deployment's health"), ("post", "Mend what follows from other things, and look again")),
        Path("/api/v1/backup", ("get", "All that there is, as one file")),
        Path("/api/v1/imports/{id}/check", ("post", "Try it out")), Path("/api/v1/imports/{id}/cancel", ("post", "Stop it")),
        Path("/api/v1/status", ("get", "Which release this is, and how it runs")), Path("/api/v1/mail/test", ("post", "Send a message to see whether mail is set up rightly")),
        Path("/api/v1/crashes", ("get", "When the server ended unexpectedly")), Path("/api/v1/crashes/{id}", ("get", "One crash with its report")),
        Path("/api/v1/plugins/upgrade", ("post", "Take the version of a plugin in the plugins folder")),
        Path("/api/v1/plugins/uninstall", ("post", "Archive and drop all that several plugins hold")),
        Path("/api/v1/plugins/{id}/release", ("post", "Let a plugin in again that is in quarantine")),
        Path("/api/v1/jobs/queue/{id}", ("get", "One run of a job")), Path("/api/v1/jobs/queue/{id}/cancel", ("post", "Call a run off")),
        Path("/api/v1/notifications/events", ("get", "The caller's notices and changes of records as they come, as server-sent events")),
        Path("/healthz", ("get", "Whether the process answers")), Path("/readyz", ("get", "Whether the database answers")),
        Path("/metrics", ("get", "Figures for monitoring")), Path("/openapi.json", ("get", "This description")),
    ]

    static func write(_ json: inout JSONWriter) {
        for path in all {
            json.object(path.path) { json in
                let names = path.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
                if !names.isEmpty {
                    json.array("parameters") { json in
                        for name in names { json.parameter(name, in: "path", "The \(name)") { $0.field("type", name == "id" ? ["integer", "string"] : ["string"]) } }
                    }
                }
                for operation in path.operations {
                    json.operation(operation.method, id(operation.method, path.path), operation.summary, "deployment") { json in
                        if isOpen(path.path) { json.array("security") { _ in } }
                        if operation.method != "get", operation.method != "delete" { json.anyBody() }
                        json.object("responses") { json in
                            json.object("2XX") { $0.field("description", operation.summary) }
                            json.object("default") { $0.field("$ref", "#/components/responses/Problem") }
                        }
                    }
                }
            }
        }
    }

    /// Whether an address asks for nothing, so that no token is needed.
    private static func isOpen(_ path: String) -> Bool {
        RouteTable.beside.contains { $0.pattern == path && $0.need == .nothing }
    }

    /// `post-tokens`, `get-imports-errors`: unlike those of entities, whose verbs are other words.
    private static func id(_ method: String, _ path: String) -> String {
        if path == "/metrics" { return method + "-deployment-figures" }
        let parts = path.split(separator: "/").filter { $0 != "api" && $0 != "v1" }.map { $0.filter { $0 != "{" && $0 != "}" } }
        return ([method, "deployment"] + parts).joined(separator: "-")
    }
}

extension JSONWriter {
    fileprivate mutating func anyBody() {
        object("requestBody") { json in
            json.object("content") { json in
                json.object("application/json") { json in json.object("schema") { $0.field("type", "object") } }
                json.object("application/octet-stream") { _ in }
            }
        }
    }
}
