import Foundation

/// The project's own source files, read as text.
struct SourceFile {
    let path: String
    let text: String

    static let root: URL = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The files under a folder of the project whose name ends so, in order of their paths.
    static func all(in folder: String, endings: [String] = [".swift"]) throws -> [SourceFile] {
        let base: URL = root.appendingPathComponent(folder)
        guard let paths = FileManager.default.enumerator(atPath: base.path) else { return [] }
        return try paths.compactMap { $0 as? String }.sorted()
            .filter { path in endings.contains { path.hasSuffix($0) } && !path.contains(".build/") }
            .map { path in
                SourceFile(
                    path: "\(folder)/\(path)",
                    text: try String(contentsOf: base.appendingPathComponent(path), encoding: .utf8))
            }
    }

    /// The modules that the file imports.
    var imports: [String] {
        text.split(separator: "\n").compactMap { line in
            var words: [Substring] = line.split(separator: " ")
            while let first = words.first, first.hasPrefix("@") || ["public", "internal", "package", "fileprivate", "private"].contains(first) {
                words.removeFirst()
            }
            guard words.count >= 2, words[0] == "import" else { return nil }
            let module: Substring = words.count > 2 && ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"].contains(words[1]) ? words[2] : words[1]
            return module.split(separator: ".").first.map(String.init)
        }
    }

    /// The words of each line in lower case, with `camelCase` and `snake_case` taken apart.
    var words: [(line: Int, word: String)] {
        var found: [(line: Int, word: String)] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            var word = ""
            var lastWasLower = false
            func finish() {
                if !word.isEmpty { found.append((index + 1, word.lowercased())) }
                word = ""
            }
            for character in line {
                if !character.isLetter || (character.isUppercase && lastWasLower) { finish() }
                if character.isLetter { word.append(character) }
                lastWasLower = character.isLowercase
            }
            finish()
        }
        return found
    }
}
