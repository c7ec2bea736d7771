import Glibc

/// A library's symbols and needed libraries held against what the process has.
struct SymbolSurvey {
    private let image: ELFImage
    /// Needed libraries that are neither loaded nor part of the Swift runtime.
    private(set) var missingLibraries: [String] = []
    /// Needed symbols that nobody would provide; the loader would refuse the library because of them.
    private(set) var missingSymbols: [String] = []
    /// Descriptors of PluginAPI's types that the library defines itself.
    private(set) var copiedDescriptors: [String] = []
    /// Defined symbols whose address is found by running a function of the library.
    private(set) var indirectSymbols: [String] = []
    /// The Swift releases other than the host's that the library says it was compiled by.
    private(set) var otherReleases: [String] = []

    init(_ image: ELFImage, _ host: HostLibraries) throws(ELFProblem) {
        self.image = image

        var alsoLoaded: [ELFImage] = []
        for library in image.neededLibraries where !host.isLoaded(library) {
            if let runtime: ELFImage = host.runtimeLibrary(library) {
                alsoLoaded.append(runtime)
            } else {
                missingLibraries.append(library)
            }
        }

        var missing: [String] = []
        var copied: [String] = []
        var indirect: [String] = []
        var stamps: [(release: String, isOther: Bool)] = []
        try image.symbols.forEach { symbol in
            if !symbol.isDefined, image.symbols.withName(of: symbol, Self.isStamp), let release = ReleaseStamp.release(image.symbols.name(of: symbol)) {
                stamps.append((release, !image.symbols.withName(of: symbol, host.offers)))
            } else if symbol.isDefined {
                if symbol.isIndirect { indirect.append(image.symbols.name(of: symbol)) }
                guard image.symbols.withName(of: symbol, HostLibraries.isDescriptor) else { return }
                let name: String = image.symbols.name(of: symbol)
                if host.apiDescriptors.contains(name) { copied.append(name) }
            } else if !symbol.isWeak, !image.symbols.withName(of: symbol, host.offers) {
                missing.append(image.symbols.name(of: symbol))
            }
        }
        if !missing.isEmpty, !alsoLoaded.isEmpty {
            let wanted: Set<String> = Set(missing)
            var provided: Set<String> = []
            for library in alsoLoaded {
                provided.formUnion(try library.symbols.definedNames { wanted.contains(String(cString: $0)) })
            }
            missing.removeAll { provided.contains($0) }
        }
        missingSymbols = missing
        otherReleases = stamps.filter(\.isOther).map(\.release)
        copiedDescriptors = copied
        indirectSymbols = indirect
    }

    private static func isStamp(_ name: UnsafePointer<CChar>) -> Bool { strstr(name, "compiledBySwift_") != nil }

    func offers(_ function: String) -> Bool {
        image.symbols.defines(function)
    }
}
