import PluginAPI

/// A trace as a tree of lines.
struct TraceText: Sendable {
    let style: TextStyle

    /// Whether anything of plugins ran or anything was changed: what a command looks up by the way is left out.
    static func isWorthShowing(_ trace: JSONValue) -> Bool { (trace["calls"].int ?? 0) > 0 || (trace["writes"].int ?? 0) > 0 }

    func text(_ trace: JSONValue) -> String {
        var head = style(.bold, trace["request"].scalar.tame)
        if let status = trace["status"].int { head += " → " + style(status < 400 ? .good : .bad, String(status)) }
        head += style(.dim, "  \(TraceText.time(trace["took_us"])), \(TraceText.statements(trace)), trace \(trace["id"].scalar)") + "\n"
        head += tree(trace["steps"].elements)
        if let left = trace["left_out"].int, left > 0 { head += "… and \(left) steps more\n" }
        return String(head.dropLast())
    }

    /// Steps with what they hold, a line each.
    func tree(_ steps: [JSONValue], indent: String = "") -> String {
        var lines = ""
        for (place, step) in steps.enumerated() {
            let isLast = place == steps.count - 1
            lines += indent + (isLast ? "└─ " : "├─ ") + line(step) + "\n"
            let below = indent + (isLast ? "   " : "│  ")
            let inner = step["steps"].elements
            let details = details(step)
            for detail in details { lines += below + (inner.isEmpty ? "   " : "│  ") + detail + "\n" }
            lines += tree(inner, indent: below)
        }
        return lines
    }

    private func line(_ step: JSONValue) -> String {
        var line = TraceText.title(step).tame
        if step["plugin"].string != nil { line = style(.accent, line) }
        line += style(.dim, "  " + TraceText.measures(step))
        let message = step["error"]["message"].scalar.tame
        switch step["outcome"].scalar {
        case "vetoed": line += "  " + style(.bad, "✗ vetoed: " + message)
        case "refused": line += "  " + style(.bad, "✗ refused: " + message)
        case "undone": line += "  " + style(.warning, "undone")
        case "running": line += "  " + style(.warning, "still running")
        default: break
        }
        return line
    }

    private func details(_ step: JSONValue) -> [String] {
        var lines: [String] = []
        let outcome = step["outcome"].scalar
        if outcome == "vetoed" || outcome == "refused" {
            for problem in step["error"]["errors"].elements {
                let field = problem["field"].scalar
                lines.append(style(.bad, (field.isEmpty ? "" : field + ": ") + problem["message"].scalar.tame))
            }
        }
        for change in step["changes"].elements {
            let old = TerminalText.plain(change["old"] ?? .null).tame, new = TerminalText.plain(change["new"] ?? .null).tame
            lines.append("\(change["field"].scalar): \(old.cut(to: 60)) → \(new.cut(to: 60))")
        }
        for queued in step["queued"].elements {
            if let event = queued["event"].int {
                let command = style(.dim, "tenon hooks trace \(event)")
                lines.append("queued event \(event) for \(queued["plugin"].scalar): \(queued["name"].scalar)  \(command)")
            } else {
                lines.append("queued job \(queued["job"].scalar)")
            }
        }
        return lines
    }

    /// What a step is: `create project 4`, `desk: on_save project`.
    static func title(_ step: JSONValue) -> String {
        let name = step["name"].scalar
        let record = step["record"].int.map { " \($0)" } ?? ""
        let event = step["event"].int.map { ", event \($0)" } ?? ""
        if let plugin = step["plugin"].string { return "\(plugin): \(step["kind"].scalar) \(name)\(event)" }
        switch step["kind"].scalar {
        case "act": return "action \(name) on\(record)"
        case "emit": return "hook \(name)"
        case let kind: return name.isEmpty ? kind : "\(kind) \(name)\(record)"
        }
    }

    /// `1.2 ms, waited 0.4 ms, 3 statements 0.3 ms`.
    static func measures(_ step: JSONValue) -> String {
        var parts = [time(step["took_us"])]
        if let waited = step["waited_us"].int, waited >= 100 { parts.append("waited \(time(step["waited_us"]))") }
        if let count = step["statements"].int, count > 0 { parts.append(statements(step)) }
        return parts.joined(separator: ", ")
    }

    static func statements(_ step: JSONValue) -> String {
        let count = step["statements"].int ?? 0
        return count == 0 ? "no statements" : "\(count) statement\(count == 1 ? "" : "s") \(time(step["statements_us"]))"
    }

    /// `1.2 ms` of microseconds.
    static func time(_ microseconds: JSONValue?) -> String {
        let tenths = ((microseconds.int ?? 0) + 50) / 100
        return "\(tenths / 10).\(tenths % 10) ms"
    }
}
