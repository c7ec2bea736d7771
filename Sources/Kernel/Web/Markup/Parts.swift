import PluginAPI

/// The recurring parts of pages.
enum Parts {
    /// The way down to this page.
    static func crumbs(_ way: [(title: String, href: String)], here: String) -> HTML {
        let links = way.html { "<a href=\"\($0.href)\">\($0.title)</a>\(Icon.named("chevron-right"))" }
        return "<nav class=\"crumbs\" aria-label=\"You are here\">\(links)<span>\(here)</span></nav>"
    }

    /// The page's heading with a count, marks beside it, and actions at its end.
    static func head(_ title: String, count: Int? = nil, beside: HTML = "", actions: HTML = "") -> HTML {
        let number: HTML = count.map { countMark($0, id: "total") } ?? ""
        let end: HTML = actions.isEmpty ? "" : "<div class=\"actions\">\(actions)</div>"
        return "<div class=\"page-head\"><h1>\(title)</h1>\(number)\(beside)\(end)</div>"
    }

    /// A framed part of a page.
    static func box(_ title: String, count: Int? = nil, actions: HTML = "", id: String = "", _ content: HTML) -> HTML {
        let number: HTML = count.map { countMark($0) } ?? ""
        let end: HTML = actions.isEmpty ? "" : "<div class=\"actions\">\(actions)</div>"
        let anchor: HTML = id.isEmpty ? "" : " id=\"\(id)\""
        return "<section class=\"card-box\"\(anchor)><header><h2>\(title)</h2>\(number)\(end)</header>\(content)</section>"
    }

    /// A page or a part that holds nothing yet, and what to do about it.
    static func empty(_ icon: String, _ title: String, _ text: String, actions: HTML = "") -> HTML {
        let row: HTML = actions.isEmpty ? "" : "<div class=\"row\">\(actions)</div>"
        return "<div class=\"empty\">\(Icon.named(icon))<h2>\(title)</h2><p>\(text)</p>\(row)</div>"
    }

    enum Tone: String { case plain = "", good = " good", warn = " warn", bad = " bad" }

    static func notice(_ tone: Tone, _ title: String, _ text: HTML) -> HTML {
        let icon = tone == .good ? "check" : tone == .plain ? "info" : "alert"
        let body: HTML = text.isEmpty ? "" : "<div>\(text)</div>"
        return "<div class=\"notice\(tone.rawValue)\">\(Icon.named(icon))<div><b>\(title)</b>\(body)</div></div>"
    }

    /// A table that may scroll in its own frame, with a name for those who do not see it.
    static func table(_ label: String, classes: String = "rows", heads: [HTML], _ body: HTML) -> HTML {
        """
        <div class="region" role="region" aria-label="\(label)" tabindex="0"><table class="\(classes)"><thead><tr>\(heads)</tr></thead><tbody>\(body)</tbody></table></div>
        """
    }

    static func th(_ title: String, numeric: Bool = false) -> HTML {
        "<th scope=\"col\"\(" class=\"num\"", if: numeric)>\(title)</th>"
    }
    /// The head of a column of buttons: a name that is only read out.
    static let actionsHead: HTML = "<th scope=\"col\"><span class=\"hidden-text\">Actions</span></th>"

    static func td(_ label: String, _ content: HTML, numeric: Bool = false, wraps: Bool = false) -> HTML {
        let classes: HTML = numeric ? " class=\"num\"" : wraps ? " class=\"wrap\"" : ""
        return "<td data-label=\"\(label)\"\(classes)>\(content)</td>"
    }

    /// A link that looks like a button; opens as a dialog where script runs.
    static func link(_ title: String, _ href: String, icon: String = "", classes: String = "", dialog: Bool = false, extra: HTML = "") -> HTML {
        let picture: HTML = icon.isEmpty ? "" : Icon.named(icon)
        let style = classes.isEmpty ? "button" : "button " + classes
        return "<a class=\"\(style)\" href=\"\(href)\"\(" data-dialog", if: dialog)\(extra)>\(picture)\(title)</a>"
    }

    /// A small form of one button, for a change without questions.
    static func post(_ title: String, _ action: String, csrf: String, icon: String = "", classes: String = "compact plain", confirm: String = "", fields: [(String, String)] = []) -> HTML {
        let picture: HTML = icon.isEmpty ? "" : Icon.named(icon)
        let question: HTML = confirm.isEmpty ? "" : " data-confirm=\"\(confirm)\""
        let hidden = fields.html { "<input type=\"hidden\" name=\"\($0.0)\" value=\"\($0.1)\">" }
        return """
            <form method="post" action="\(action)"\(question)>\(csrfField(csrf))\(hidden)<button class="button \(classes)">\(picture)\(title)</button></form>
            """
    }

    /// What can be merged where a failure is told.
    enum Merging {
        case nothing
        /// What stands in the form of a new record.
        case typed
        /// A record that is there, and may be changed.
        case record(RecordID)
    }

    /// The ways on from a failure.
    static func ways(_ error: CRMError, merging: Merging = .nothing) -> HTML {
        let items = error.links.filter(\.isTold).html { link -> HTML in
            guard case .merge(_, let other) = link.target else { return "<a class=\"button compact\" href=\"\(link.href)\">\(link.title)</a>" }
            switch merging {
            case .nothing: return ""
            case .typed: return "<button class=\"button compact\" formaction=\"\(link.href)\" formnovalidate>\(link.title)</button>"
            case .record(let id): return Parts.link(link.title, "/admin/\(link.path)/merge?id=\(other)&id=\(id)", classes: "compact", dialog: true)
            }
        }
        return items.isEmpty ? "" : "<p class=\"row ways\">\(items)</p>"
    }

    /// The frame of what opens over a page.
    static func dialog(_ title: String, _ body: HTML) -> HTML {
        """
        <article><header><h2>\(title)</h2><button class="button plain square" type="button" data-close aria-label="Close">\(Icon.named("close"))</button></header><div class="body">\(body)</div></article>
        """
    }
}

extension Problem {
    /// The problem as a sentence: messages that begin with a verb get the field's label as their subject.
    func told(_ label: String) -> String {
        let verbs: Set<Substring> = ["is", "are", "must", "has", "may", "cannot", "needs", "contains", "names", "does", "belongs"]
        let isWholeSentence = !verbs.contains(message.prefix { $0 != " " })
        return (isWholeSentence ? message : label + " " + message).asSentence
    }
}

extension String {
    /// A message of an error as a sentence: it begins with a capital and ends with a stop.
    var asSentence: String {
        guard let first else { return self }
        let text = first.uppercased() + dropFirst()
        return ".!?…".contains(text.last ?? ".") ? text : text + "."
    }
}
