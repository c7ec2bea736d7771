import Glibc

/// Symbols as people write them: `PluginAPI.Registrar` rather than `$s9PluginAPI9RegistrarVMn`.
enum SymbolName {
    private typealias Demangle =
        @convention(c) (UnsafePointer<CChar>, Int, UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<Int>?, UInt32) ->
        UnsafeMutablePointer<CChar>?

    static func readable(_ symbol: String) -> String {
        // NB: the Swift runtime exports its demangler as a C function that no header declares.
        guard symbol.hasPrefix("$s"), let function: UnsafeMutableRawPointer = dlsym(nil, "swift_demangle") else { return symbol }
        let demangle: Demangle = unsafeBitCast(function, to: Demangle.self)
        guard let text: UnsafeMutablePointer<CChar> = demangle(symbol, symbol.utf8.count, nil, nil, 0) else { return symbol }
        defer { free(text) }
        return String(cString: text)
    }
}
