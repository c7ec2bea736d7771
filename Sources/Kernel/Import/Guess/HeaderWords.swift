/// A column's or field's name cut into lower-case words: `Created_Date`, `createdDate` and "created date" are the same.
struct HeaderWords: Hashable, Sendable {
    var words: [String]

    init(_ name: String) {
        var words: [String] = []
        var word: String = ""
        var previous: Character?
        let characters: [Character] = Array(name)
        for (index, character) in characters.enumerated() {
            guard character.isLetter || character.isNumber else {
                // An apostrophe or point inside a word or abbreviation does not end it.
                if character != "'" && character != "’" && character != "." {
                    if !word.isEmpty { words.append(word) }
                    word = ""
                }
                previous = nil
                continue
            }
            if character.isUppercase, let previous {
                let next: Character? = index + 1 < characters.count ? characters[index + 1] : nil
                let startsWord: Bool = previous.isLowercase || previous.isNumber
                // The last capital of a run belongs to the word that follows: URLPath.
                let endsRun: Bool = previous.isUppercase && next?.isLowercase == true && word.count > 1
                if startsWord || endsRun {
                    words.append(word)
                    word = ""
                }
            }
            word += character.lowercased()
            previous = character
        }
        if !word.isEmpty { words.append(word) }
        self.words = words
    }

    init(words: [String]) {
        self.words = words
    }

    var joined: String { words.joined() }
    var phrase: String { words.joined(separator: " ") }
}
