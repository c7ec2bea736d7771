import Glibc
import PluginAPI

/// A loaded library in another language, and what it contributes: the same kinds of things as a plugin in Swift, so that the
/// rest of the kernel does not know the difference.
struct ForeignLibrary {
    private let plugin: String
    private let interface: ForeignInterface
    private let addresses: [String: UnsafeMutableRawPointer]

    /// Loads an inspected library and finds its functions. It stays loaded until the process ends.
    init(path: String, plugin: String, _ interface: ForeignInterface) throws {
        guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            let reason: String = dlerror().map { String(cString: $0) } ?? "no reason was given"
            throw CRMError(.refused, "the library of the plugin \(plugin) cannot be loaded: \(reason)")
        }
        var addresses: [String: UnsafeMutableRawPointer] = [:]
        for symbol in interface.symbols {
            guard let address = dlsym(library, symbol) else {
                throw CRMError(.refused, "the library of the plugin \(plugin) has no function \(symbol)")
            }
            addresses[symbol] = address
        }
        self.plugin = plugin
        self.interface = interface
        self.addresses = addresses
    }

    func contributions() throws -> Contributions {
        var contributions: Contributions = Registrar().contributions
        for declared in interface.functions {
            let function: ForeignFunction = try prepare(declared.signature)
            contributions.functions.append(Self.entry(declared, function))
        }
        for declared in interface.handlers {
            ForeignHandler(declared, try prepare(declared.signature)).contribute(to: &contributions)
        }
        return contributions
    }

    private func prepare(_ signature: ForeignSignature) throws -> ForeignFunction {
        guard let address = addresses[signature.symbol] else {
            throw CRMError(.internalError, "the function \(signature.symbol) of the plugin \(plugin) was not looked for")
        }
        return try ForeignFunction(
            signature, of: plugin, at: address, frees: interface.frees.flatMap { addresses[$0] }, longestText: interface.longestText)
    }

    /// An empty argument where the function needs a value makes the result empty without a call.
    private static func entry(_ declared: ForeignInterface.Function, _ function: ForeignFunction) -> Contributions.FunctionEntry {
        let parameters: [ForeignType] = declared.signature.parameters
        let needed: [Int] = parameters.indices.filter { !parameters[$0].isOptional }
        return Contributions.FunctionEntry(
            name: declared.name, parameters: parameters.map(\.formulaType), result: declared.signature.result?.formulaType ?? .text,
            summary: declared.summary, takesEmpty: parameters.contains(where: \.isOptional)
        ) { arguments in
            for place in needed where place < arguments.count && arguments[place] == .null { return .null }
            return try function.call(arguments)
        }
    }
}
