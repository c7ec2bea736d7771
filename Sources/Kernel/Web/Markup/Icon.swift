/// The shell's small pictures and marks.
enum Icon {
    /// A picture of the sprite, decorative: the words beside it say what it means.
    static func named(_ name: String) -> HTML {
        "<svg class=\"icon\" aria-hidden=\"true\"><use href=\"\(AssetPaths.icons)#\(name)\"/></svg>"
    }

    /// A coloured dot. The colour stands in an attribute of the drawing, which needs no inline style.
    static func dot(_ color: String) -> HTML {
        let known = color.utf8.count == 7 && color.hasPrefix("#") && color.dropFirst().allSatisfy(\.isHexDigit)
        return """
            <svg class="dot" viewBox="0 0 8 8" aria-hidden="true"><circle cx="4" cy="4" r="4" fill="\(known ? color : "#8a867e")"/></svg>
            """
    }

    /// The initials of a person.
    static func avatar(_ name: String) -> HTML {
        let initials = name.split(separator: " ").prefix(2).compactMap(\.first).map { String($0).uppercased() }.joined()
        return "<span class=\"avatar\" aria-hidden=\"true\">\(initials)</span>"
    }

    static func person(_ name: String) -> HTML { "<span class=\"person\">\(avatar(name))\(name)</span>" }
}

/// A word in a pill.
enum Badge {
    enum Tone: String { case plain = "", good = " good", warn = " warn", bad = " bad", accent = " accent" }

    static func word(_ text: String, _ tone: Tone = .plain) -> HTML { "<span class=\"badge\(tone.rawValue)\">\(text)</span>" }

    /// With a dot, where the colour is the deployment's own.
    static func colored(_ text: String, _ color: String) -> HTML {
        color.isEmpty ? word(text) : "<span class=\"badge\">\(Icon.dot(color))\(text)</span>"
    }
}

/// A number beside a heading or in a menu.
func countMark(_ count: Int, id: String = "") -> HTML {
    let anchor: HTML = id.isEmpty ? "" : " id=\"\(id)\""
    return "<span class=\"count\"\(anchor)>\(Display.grouped(String(count)))</span>"
}
