import PluginAPI

extension Home {
    /// Says what is wrong with the product's own files to whoever starts it.
    func tell(_ terminal: Terminal) {
        for complaint in complaints() { terminal.printError("warning: \(complaint.message)\n  \(complaint.hint)") }
    }
}
