import ArgumentParser
import PluginAPI

struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print a completion script for a shell.",
        discussion: """
            EXAMPLES:
              tenon completion bash > ~/.local/share/bash-completion/completions/tenon
              tenon completion zsh > ~/.zfunc/_tenon
              tenon completion fish > ~/.config/fish/completions/tenon.fish
            """)
    @Argument(help: "bash, zsh or fish.") var shell: String

    func run() throws {
        let script: String
        switch shell {
        case "bash": script = CompletionScript.bash
        case "zsh": script = CompletionScript.zsh
        case "fish": script = CompletionScript.fish
        default: throw UsageError("there is no completion for \(shell)", hint: "There is one for bash, zsh and fish.")
        }
        Invocation.current.terminal(true).print(script)
    }
}

/// What the completion scripts ask: the words that may come next. Not listed in help.
struct CompleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "complete", shouldDisplay: false)
    @Argument(parsing: .captureForPassthrough) var words: [String] = []

    func run() async throws {
        // A shell shows nothing rather than an error while somebody types.
        let words = self.words.first == "--" ? Array(self.words.dropFirst()) : self.words
        let found = await CompletionWords.next(words)
        if !found.isEmpty { Invocation.current.terminal(true).print(found.joined(separator: "\n")) }
    }
}
