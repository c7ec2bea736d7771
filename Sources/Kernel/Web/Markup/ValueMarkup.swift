import PluginAPI

/// What a page needs to show values: names and colours of the records that they point at, and the clock of its reader.
struct ValueMarkup {
    struct Label: Sendable {
        var text: String
        var color = ""
    }
    /// The name of a record; nil when there is none that the reader may see.
    var label: (_ entity: String, _ id: Int64) -> Label?
    /// Where an entity's records are found; nil for those without pages.
    var path: (_ entity: String) -> String?
    var display: Display
    var now: Moment
    /// What a field of an entity is called.
    var fieldNames: (_ text: String, _ entity: String) -> String = { text, _ in text }

    static let none: HTML = "<span class=\"none\">–</span>"

    /// A value in a cell or a fact. `links` turns references into links.
    func html(_ value: Value, _ field: FieldDescription, links: Bool = false, short: Bool = false) -> HTML {
        switch value {
        case .null: return ""
        case .text(let text): return self.text(text, field, links: links)
        case .integer(let number):
            if let target = FieldType(field.kind).target { return reference(target, number, links: links) }
            return HTML(Display.grouped(String(number)))
        case .boolean(let flag): return flag ? "Yes" : "No"
        case .decimal(let number): return HTML(Display.grouped(number.description))
        case .money(let money): return HTML(short ? Display.short(money) : Display.money(money))
        case .day(let day): return "<time datetime=\"\(day.description)\">\(day.description)</time>"
        case .moment(let moment): return time(moment)
        case .list(let ids):
            guard let target = FieldType(field.kind).target else { return "" }
            return ids.html { "\(reference(target, $0.raw, links: links)) " }
        }
    }

    private func text(_ text: String, _ field: FieldDescription, links: Bool) -> HTML {
        if case .choice(let options) = FieldType(field.kind) {
            let option = options.first { $0.key == text }
            return Badge.colored(option?.label ?? text, option?.color ?? "")
        }
        if let entity = field.namesFieldsOf { return HTML(fieldNames(text, entity)) }
        switch field.format {
        case .email where links: return "<a href=\"mailto:\(text)\">\(text)</a>"
        case .phone where links: return "<a href=\"tel:\(text.filter { !$0.isWhitespace })\">\(text)</a>"
        case .url where links:
            guard text.hasPrefix("https://") || text.hasPrefix("http://") else { return HTML(text) }
            return "<a href=\"\(text)\" rel=\"noopener noreferrer\" target=\"_blank\">\(text)</a>"
        case .color: return "<span class=\"person\">\(Icon.dot(text))\(text)</span>"
        default: return HTML(text)
        }
    }

    func reference(_ entity: String, _ id: Int64, links: Bool) -> HTML {
        guard let label = label(entity, id) else { return "<span class=\"muted\">\(id)</span>" }
        if entity == "user" { return Icon.person(label.text) }
        if !label.color.isEmpty { return Badge.colored(label.text, label.color) }
        guard links, let path = path(entity) else { return HTML(label.text) }
        return "<a href=\"/admin/\(path)/\(id)\">\(label.text)</a>"
    }

    /// A moment on the deployment's clock.
    func time(_ moment: Moment) -> HTML {
        "<time datetime=\"\(moment.description)\">\(display.moment(moment))</time>"
    }

    /// A moment as one tells it: `today, 10:42`, `yesterday, 09:05`, else the date.
    func ago(_ moment: Moment) -> HTML {
        let today = display.calendar.day(of: now)
        let day = display.calendar.day(of: moment)
        let full = display.moment(moment)
        let clock = full.suffix(5)
        let told = day == today ? "today, \(clock)" : day == today.adding(days: -1) ? "yesterday, \(clock)" : full
        return "<time datetime=\"\(moment.description)\" title=\"\(full)\">\(told)</time>"
    }
}

extension FieldType {
    /// The entity that a field of this type points at.
    var target: String? {
        switch self {
        case .reference(let entity), .references(let entity): entity
        default: nil
        }
    }
}
