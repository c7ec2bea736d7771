import Testing
@testable import Kernel

@Suite struct SuggestionTests {
    @Test(arguments: [("projcets", "projects"), ("usres", "users"), ("plugins", "plugin"), ("task_kinds", "task-kinds"), ("proj", "projects")])
    func `a misspelt word finds what was meant`(word: String, meant: String) {
        #expect(Suggestion.nearest(to: word, among: ["projects", "users", "plugin", "task-kinds", "settings"]).first == meant)
    }

    @Test func `a word that is far from all of them finds nothing`() {
        #expect(Suggestion.nearest(to: "zebra", among: ["projects", "users"]).isEmpty)
    }

    @Test func `swapping neighbours is one edit`() {
        #expect(Suggestion.distance("lits", "list") == 1)
        #expect(Suggestion.distance("", "abc") == 3)
    }
}
