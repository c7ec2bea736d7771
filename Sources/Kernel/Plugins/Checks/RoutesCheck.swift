import PluginAPI

/// A route has a readable pattern, and a right that is there guards it.
enum RoutesCheck: CompositionCheck {
    static func problems(in composition: Composition) -> [PluginProblem] {
        composition.parts.flatMap { part -> [PluginProblem] in
            part.contributions.routes.flatMap { route in
                messages(route, part, composition).map {
                    PluginProblem(part.id, "route \(route.method.rawValue) \(route.path) \($0)")
                }
            }
        }
    }

    private static func messages(
        _ route: Contributions.RouteEntry, _ part: Composition.Part, _ composition: Composition
    ) -> [String] {
        var messages: [String] = []
        var names: Set<String> = []
        let path: Substring = route.path.hasPrefix("/") ? route.path.dropFirst() : route.path[...]
        let pieces: [Substring] = path.split(separator: "/", omittingEmptySubsequences: false)
        for piece in pieces where !(path.isEmpty && piece.isEmpty) {
            if piece.hasPrefix("{"), piece.hasSuffix("}") {
                let name = String(piece.dropFirst().dropLast())
                if !NameForm.isSnakeCase(name) { messages.append("has a part {\(name)} that is not written in snake_case") }
                if !names.insert(name).inserted { messages.append("names {\(name)} twice") }
            } else if piece.isEmpty || piece == "." || piece == ".." || !piece.utf8.allSatisfy(isPlain) {
                messages.append("has a part \"\(piece)\" that is not plain")
            }
        }
        if case .right(let entity, let right) = route.access, !composition.excuses(part) {
            if !composition.has(entity) {
                messages.append("requires a right on \(entity), which no enabled plugin has")
            } else if !ActionFormsCheck.rights.contains(right), !composition.hasAction(right, on: entity) {
                messages.append("requires the right \(right) on \(entity), which is not there")
            }
        }
        return messages
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }
}
