import ArgumentParser
import FoundationEssentials
import PluginAPI

#if canImport(Glibc)
import Glibc
#endif

/// Loads plugins in this process, which ends thereafter, and writes down what they add. Started by the plugin host.
struct TryPluginsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: PluginTrial.command, abstract: "Load plugins and write down what they add.", shouldDisplay: false)

    @Argument(help: "File with the request.") var request: String
    @Argument(help: "File for the answer.") var answer: String

    func run() throws {
        let bytes: [UInt8] = try PluginTrial.answer(try InputFile.read(request))
        try Data(bytes).write(to: URL(filePath: answer), options: .atomic)
        // Nothing of what was loaded gets a word at the end.
        _exit(0)
    }
}
