/// The pictures that the sprite holds.
enum IconName {
    static let all: Set<String> = [
        "home", "search", "plus", "bell", "user", "users", "target", "handshake", "building", "list", "board", "filter",
        "columns", "chevron-down", "chevron-right", "chevron-left", "arrow-up", "arrow-down", "close", "check", "menu", "more",
        "edit", "trash", "settings", "plugin", "shield", "upload", "download", "clock", "alert", "info", "moon", "key",
        "logout", "flag", "tag", "field", "inbox", "undo", "link", "mail", "cube", "chart", "calendar", "file", "star", "move",
        "collapse", "tenon",
    ]

    /// A plugin's choice, or a plain box when the sprite has no such picture.
    static func of(_ name: String) -> String { all.contains(name) ? name : "cube" }
}
