/// What every page of the shell needs to know about its reader.
struct Shell: Sendable {
    struct Item: Sendable {
        var title: String
        var icon: String
        var href: String
        /// The letter after `g` that goes there, or empty.
        var key = ""
        /// For the menu of new records: what one is called; empty when none can be made here.
        var one = ""
        /// How many wait for somebody; none are not told.
        var waiting = 0
    }
    struct Group: Sendable {
        var title: String
        var items: [Item]
    }
    var userName = ""
    var csrf = ""
    var unread = 0
    /// `light`, `dark`, or empty for the system's.
    var theme = ""
    var isNarrow = false
    var hasShortcuts = true
    var groups: [Group] = []
    /// What can be made from anywhere.
    var creates: [Item] = []
    /// What the last change has to say, once.
    var flash: Flash?
    /// Something that everyone who works here must know, above all pages.
    var banner: HTML?
    /// For whoever has tracing switched on: the way to the traces.
    var tracing: HTML?
    var assets = AssetPaths()
}

/// The one message after a change.
struct Flash: Sendable, Equatable {
    var text: String
    /// Where a form may be sent to take the change back.
    var undo = ""
}

/// A whole page: frame, menu, top bar and content.
struct Page {
    var title: String
    /// The menu entry that it belongs to.
    var current = ""
    /// Whether the content keeps the window's height and scrolls in its parts, as lists and boards do.
    var fillsWindow = false
    /// Scripts that this page needs besides those of all pages, by the names of their files.
    var scripts: [String] = []
    var content: HTML

    func html(in shell: Shell) -> HTML {
        let menu = Page.menu(shell, current: current)
        let top = Page.top(shell)
        let keys: HTML = " data-keys=\"off\""
        let side: HTML = " data-side=\"narrow\""
        let toast: HTML = shell.flash.map { Page.toast($0, csrf: shell.csrf) } ?? ""
        let banner: HTML = shell.banner.map { "<div class=\"banner\" role=\"status\">\($0)</div>" } ?? ""
        return """
            \(Page.head(title, theme: shell.theme, csrf: shell.csrf, scripts: scripts, assets: shell.assets))
            <body class="app"\(side, if: shell.isNarrow)\(keys, if: !shell.hasShortcuts) data-search="/admin/search" data-events="/admin/events">
            <a class="skip" href="#main">Skip to content</a>
            \(menu)
            \(top)
            <main class="main\(" fill", if: fillsWindow)" id="main" tabindex="-1">\(banner)\(shell.tracing ?? "")\(content)</main>
            <div class="toasts" role="status" aria-live="polite">\(toast)</div>
            </body></html>
            """
    }

    /// A page without the frame: for those who are not logged in.
    static func alone(_ title: String, theme: String = "", assets: AssetPaths = AssetPaths(), _ content: HTML) -> HTML {
        """
        \(head(title, theme: theme, csrf: "", assets: assets))
        <body class="alone"><main id="main"><div class="brand">\(Icon.named("tenon"))Tenon</div>\(content)</main>
        <div class="toasts" role="status" aria-live="polite"></div></body></html>
        """
    }

    private static func head(_ title: String, theme: String, csrf: String, scripts: [String] = [], assets: AssetPaths) -> HTML {
        let chosen: HTML = theme == "light" || theme == "dark" ? " data-theme=\"\(theme)\"" : ""
        let more: HTML = scripts.html { "<script src=\"\(assets.path($0))\" defer></script>" }
        return """
            <!doctype html>
            <html lang="en"\(chosen)><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title) · Tenon</title><meta name="csrf" content="\(csrf)">
            <meta name="htmx-config" content='{"allowEval":false,"includeIndicatorStyles":false,"historyCacheSize":0,"refreshOnHistoryMiss":true,"selfRequestsOnly":true}'>
            <link rel="icon" href="\(assets.path("favicon.svg"))" type="image/svg+xml"><link rel="stylesheet" href="\(assets.path("tenon.css"))">
            <script src="\(assets.path("htmx-2.min.js"))" defer></script><script src="\(assets.path("Sortable.min.js"))" defer></script>\(more)<script src="\(assets.path("tenon.js"))" defer></script></head>
            """
    }

    private static func menu(_ shell: Shell, current: String) -> HTML {
        let groups = shell.groups.html { group in
            let heading: HTML = group.title.isEmpty ? "" : "<h2>\(group.title)</h2>"
            return "\(heading)<ul>\(group.items.html { entry($0, current: current) })</ul>"
        }
        return """
            <nav class="side" id="side" aria-label="Main"><a class="brand" href="/admin">\(Icon.named("tenon"))<span class="label">Tenon</span></a>\(groups)\
            <div class="side-foot"><button class="button plain" type="button" data-side-toggle>\(Icon.named("collapse"))<span class="label">Collapse</span></button></div></nav>
            """
    }

    private static func entry(_ item: Shell.Item, current: String) -> HTML {
        let here: HTML = " aria-current=\"page\""
        let key: HTML = item.key.isEmpty ? "" : " data-key=\"\(item.key)\""
        let count = item.waiting > Menu.mostWaiting ? "\(Menu.mostWaiting)+" : String(item.waiting)
        let waiting: HTML = item.waiting == 0 ? "" : "<span class=\"count\">\(count)<span class=\"hidden-text\"> waiting</span></span>"
        return """
            <li><a href="\(item.href)"\(here, if: item.href == current)\(key)>\(Icon.named(item.icon))<span class="label">\(item.title)</span>\(waiting)</a></li>
            """
    }

    private static func top(_ shell: Shell) -> HTML {
        let creates: HTML = shell.creates.html { item in
            "<a class=\"item\" href=\"\(item.href)\" data-create data-dialog>\(Icon.named(item.icon))<span class=\"label\">\(item.one)</span></a>"
        }
        let create: HTML = """
            <details class="menu end"><summary class="button primary square" aria-label="Create">\(Icon.named("plus"))</summary>\
            <div class="panel"><h2>Create</h2>\(creates)</div></details>
            """
        let unread = shell.unread
        let bellLabel = unread > 0 ? "Notifications, \(unread) unread" : "Notifications"
        return """
            <header class="top"><a class="button plain square only-small" href="#side" data-drawer-toggle aria-label="Menu">\(Icon.named("menu"))</a>
            <form class="top-search" role="search" action="/admin/search">\(Icon.named("search"))<input type="search" name="q" aria-label="Search everything" placeholder="Search or jump to…" autocomplete="off"><kbd aria-hidden="true">Ctrl K</kbd></form>
            \(create, if: !shell.creates.isEmpty)
            <details class="menu end" data-load="/admin/notifications"><summary class="button plain square" aria-label="\(bellLabel)">\(Icon.named("bell"))<span class="count live" data-unread\(" hidden", if: unread == 0)>\(unread > 99 ? "99+" : String(unread))</span></summary><div class="panel notes"><p class="body"><a href="/admin/notifications">All notifications</a></p></div></details>
            <details class="menu end"><summary class="button plain square" aria-label="Your account">\(Icon.avatar(shell.userName))</summary><div class="panel"><h2>\(shell.userName)</h2>\
            <a class="item" href="/admin/profile">\(Icon.named("user"))Profile</a><a class="item" href="/admin/changes">\(Icon.named("undo"))Your changes</a><button class="item" type="button" data-theme-toggle>\(Icon.named("moon"))Light or dark</button>\
            <button class="item" type="button" data-help>\(Icon.named("info"))Keyboard</button>\
            <form method="post" action="/logout">\(csrfField(shell.csrf))<button class="item">\(Icon.named("logout"))Log out</button></form></div></details></header>
            """
    }

    private static func toast(_ flash: Flash, csrf: String) -> HTML {
        let undo: HTML = flash.undo.isEmpty
            ? "" : "<form method=\"post\" action=\"\(flash.undo)\">\(csrfField(csrf))<button>Undo</button></form>"
        return "<div class=\"toast\"><span>\(flash.text)</span>\(undo)</div>"
    }
}

/// The hidden field that proves a form came from one of our pages.
func csrfField(_ token: String) -> HTML { "<input type=\"hidden\" name=\"csrf\" value=\"\(token)\">" }
