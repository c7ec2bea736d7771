import PluginAPI

#if canImport(Glibc)
import Glibc
#endif

/// Where the command line writes, and what that place can show.
struct Terminal: Sendable {
    /// Whether standard output is a terminal: then there are colours, cut tables and hints.
    var isInteractive: Bool
    /// Whether standard error is one: then there is a progress line.
    var showsProgress: Bool
    /// Whether questions can be asked and answered.
    var canAsk: Bool
    var style: TextStyle
    /// Columns; nil when the width is not limited.
    var width: Int?
    private let sink: @Sendable (_ bytes: [UInt8], _ isError: Bool) -> Void

    init(
        isInteractive: Bool, showsProgress: Bool, canAsk: Bool, style: TextStyle, width: Int?,
        sink: @escaping @Sendable (_ bytes: [UInt8], _ isError: Bool) -> Void
    ) {
        self.isInteractive = isInteractive
        self.showsProgress = showsProgress
        self.canAsk = canAsk
        self.style = style
        self.width = width
        self.sink = sink
    }

    /// The process's own. `NO_COLOR` and `TERM=dumb` switch colours off, `CLICOLOR_FORCE` on.
    static func standard(environment: [String: String], noColor: Bool) -> Terminal {
        let out = isatty(STDOUT_FILENO) == 1
        let error = isatty(STDERR_FILENO) == 1
        let plain = noColor || !(environment["NO_COLOR"] ?? "").isEmpty || environment["TERM"] == "dumb"
        let forced = !(environment["CLICOLOR_FORCE"] ?? "0").isEmpty && environment["CLICOLOR_FORCE"] != "0"
            && environment["CLICOLOR_FORCE"] != nil
        let deep = ["truecolor", "24bit"].contains(environment["COLORTERM"] ?? "")
        let depth: TextStyle.Depth = plain || !(out || forced) ? .none : deep ? .full : .few
        // As in other programs, COLUMNS has the first word; what goes into a pipe is not cut unless it asks for that.
        let asked: Int? = environment["COLUMNS"].flatMap(Int.init).flatMap { $0 > 0 ? $0 : nil }
        return Terminal(
            isInteractive: out, showsProgress: error && environment["TERM"] != "dumb", canAsk: error && isatty(STDIN_FILENO) == 1,
            style: TextStyle(depth: depth), width: asked ?? (out ? size() ?? 80 : nil)
        ) { bytes, isError in
            Terminal.write(bytes, to: isError ? STDERR_FILENO : STDOUT_FILENO)
        }
    }

    private static func size() -> Int? {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    private static func write(_ bytes: [UInt8], to file: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                // The reader has gone (`tenon … | head`): nobody is left to tell.
                exit(0)
            }
        }
    }

    func write(_ bytes: [UInt8]) { sink(bytes, false) }
    func print(_ text: String = "") { sink(Array((text + "\n").utf8), false) }
    func printError(_ text: String) { sink(Array((text + "\n").utf8), true) }

    /// A remark for people that does not belong to the result: on standard error, and only when one reads along.
    func note(_ text: String) {
        if showsProgress { sink(Array((text + "\n").utf8), true) }
    }

    /// Replaces the progress line; an empty text takes it away.
    func progress(_ text: String) {
        guard showsProgress else { return }
        sink(Array(("\r\u{1B}[2K" + text.cut(to: (width ?? 80) - 1)).utf8), true)
    }

    /// Asks a yes-or-no question; nil when there is nobody to ask.
    func confirm(_ question: String) -> Bool? {
        guard canAsk else { return nil }
        sink(Array("\(question) [y/N] ".utf8), true)
        let answer = readLine(strippingNewline: true)?.lowercased() ?? ""
        return answer == "y" || answer == "yes"
    }

    /// Asks for a word; nil when there is nobody to ask.
    func ask(_ question: String) -> String? {
        guard canAsk else { return nil }
        sink(Array("\(question) ".utf8), true)
        return readLine(strippingNewline: true) ?? ""
    }

    /// Prints JSON as the server sent it; on a terminal, indented.
    func print(json bytes: [UInt8]) {
        if isInteractive, let node = try? JSONValue(parsing: bytes) { return print(node.text(indented: true)) }
        sink(bytes.last == UInt8(ascii: "\n") ? bytes : bytes + [UInt8(ascii: "\n")], false)
    }
}
