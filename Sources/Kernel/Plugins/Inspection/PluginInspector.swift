/// Judges a plugin's library from its bytes, before one instruction of it runs.
///
/// A Swift library that does not fit this process does not fail politely: it crashes, or its casts fail far from the
/// cause. So everything that can be known from outside is asked here, and all answers are given at once.
struct PluginInspector {
    let host: HostLibraries

    init(host: HostLibraries) {
        self.host = host
    }

    /// Why the library cannot be loaded; empty when it can.
    func inspect(_ path: String, expecting expectation: PluginExpectation) -> [PluginRefusal] {
        do {
            return try inspect(ELFImage(path: path), expecting: expectation)
        } catch {
            return [unreadable(error, expectation)]
        }
    }

    func inspect(_ image: ELFImage, expecting expectation: PluginExpectation) -> [PluginRefusal] {
        guard image.isSharedObject else { return [unreadable(.unsupported("not a shared library"), expectation)] }
        guard image.machine == host.machine else { return [otherArchitecture(image, expectation)] }
        do {
            let found = try SymbolSurvey(image, host)
            var refusals: [PluginRefusal] = []
            if expectation.kind == .swift {
                refusals += compilerRefusals(image, found, expectation)
                refusals += ownAPIRefusals(image, found, expectation)
            }
            refusals += entryRefusals(found, expectation)
            refusals += libraryRefusals(found, expectation)
            refusals += symbolRefusals(found, expectation)
            refusals += initialiserRefusals(image, found, expectation)
            return refusals
        } catch {
            return [unreadable(error, expectation)]
        }
    }
}

extension PluginInspector {
    private func rebuild(_ expectation: PluginExpectation) -> String {
        switch expectation.kind {
        case .swift: "Build it here: tenon plugin build \(expectation.id)"
        case .foreign: "Build its library on this machine, then run: tenon plugin plan \(expectation.id)"
        }
    }

    private func unreadable(_ problem: ELFProblem, _ expectation: PluginExpectation) -> PluginRefusal {
        PluginRefusal(
            field: .file, plugin: problem.message,
            host: "loads shared libraries for Linux", hint: rebuild(expectation))
    }

    private func otherArchitecture(_ image: ELFImage, _ expectation: PluginExpectation) -> PluginRefusal {
        PluginRefusal(
            field: .architecture, plugin: "is for \(Self.machineName(image.machine))",
            host: "runs on \(Self.machineName(host.machine))", hint: rebuild(expectation))
    }

    private func compilerRefusals(
        _ image: ELFImage, _ found: SymbolSurvey, _ expectation: PluginExpectation
    ) -> [PluginRefusal] {
        let stamp = CompilerStamp(image)
        if host.compiler.accepts(stamp) {
            // Its back end fits, but more than one Swift release may have had that one.
            guard let other: String = found.otherReleases.first else { return [] }
            return [
                PluginRefusal(
                    field: .compiler, plugin: "was built by Swift \(other)", host: "was built by \(host.compiler.description)",
                    hint: rebuild(expectation))
            ]
        }
        return [
            PluginRefusal(
                field: .compiler, plugin: "was built by \(stamp.description)",
                host: "was built by \(host.compiler.description)", hint: rebuild(expectation))
        ]
    }

    private func ownAPIRefusals(
        _ image: ELFImage, _ found: SymbolSurvey, _ expectation: PluginExpectation
    ) -> [PluginRefusal] {
        let hint = "Let its package use the product PluginAPI as it is, a dynamic library, then run: tenon plugin build \(expectation.id)"
        if let copy: String = found.copiedDescriptors.first {
            return [
                PluginRefusal(
                    field: .pluginAPI, plugin: "carries its own PluginAPI, with \(SymbolName.readable(copy))",
                    host: "shares one libPluginAPI.so with all plugins", hint: hint)
            ]
        }
        guard !image.neededLibraries.contains("libPluginAPI.so") else { return [] }
        return [
            PluginRefusal(
                field: .pluginAPI, plugin: "does not use libPluginAPI.so",
                host: "shares one libPluginAPI.so with all plugins", hint: hint)
        ]
    }

    private func entryRefusals(_ found: SymbolSurvey, _ expectation: PluginExpectation) -> [PluginRefusal] {
        let missing: [String] = expectation.functions.filter { !found.offers($0) }
        guard !missing.isEmpty else { return [] }
        let hint: String =
            switch expectation.kind {
            case .swift: "Hand the plugin over with @_cdecl(\"\(PluginExpectation.entrySymbol)\"), then run: tenon plugin build \(expectation.id)"
            case .foreign: "Export these functions with C names, or correct the plugin's plugin.json."
            }
        return [
            PluginRefusal(
                field: .entry, plugin: "has no function \(Self.shortList(missing))",
                host: "calls \(Self.shortList(expectation.functions))", hint: hint)
        ]
    }

    private func libraryRefusals(_ found: SymbolSurvey, _ expectation: PluginExpectation) -> [PluginRefusal] {
        guard !found.missingLibraries.isEmpty else { return [] }
        return [
            PluginRefusal(
                field: .libraries, plugin: "needs \(Self.shortList(found.missingLibraries))", host: "has not loaded it",
                hint: "Link the library into the plugin statically, then run: tenon plugin build \(expectation.id)")
        ]
    }

    private func symbolRefusals(_ found: SymbolSurvey, _ expectation: PluginExpectation) -> [PluginRefusal] {
        // What a missing library would have brought is not worth a second complaint.
        guard !found.missingSymbols.isEmpty, found.missingLibraries.isEmpty else { return [] }
        let names: [String] = found.missingSymbols.map { SymbolName.readable($0) }
        return [
            PluginRefusal(
                field: .symbols, plugin: "needs \(Self.shortList(names))", host: "does not have this",
                hint: "It was built for another version of PluginAPI. \(rebuild(expectation))")
        ]
    }

    /// Nothing of a plugin runs before it is called, but for the one function that the runtime of Swift and the standard library
    /// of Rust each have the loader run.
    private func initialiserRefusals(
        _ image: ELFImage, _ found: SymbolSurvey, _ expectation: PluginExpectation
    ) -> [PluginRefusal] {
        let hasRuntime: Bool = expectation.kind == .swift || image.comments.contains { $0.hasPrefix("rustc version ") }
        let count: Int = image.ownInitialisers - (hasRuntime ? 1 : 0)
        let what: String
        if let name: String = found.indirectSymbols.first {
            what = "runs code of its own while it is loaded, to find \(name)"
        } else if count > 0 {
            what = "runs code of its own while it is loaded: \(count == 1 ? "one function" : "\(count) functions")"
        } else {
            return []
        }
        return [
            PluginRefusal(
                field: .initialisers, plugin: what, host: "runs nothing of a plugin before it calls it",
                hint: "Take out its constructors and do their work on the first call. \(rebuild(expectation))")
        ]
    }

    private static func machineName(_ machine: UInt16) -> String {
        ELFHeader.machineNames[machine] ?? "machine \(machine)"
    }

    private static func shortList(_ names: [String]) -> String {
        let shown: String = names.prefix(3).joined(separator: ", ")
        return names.count > 3 ? "\(shown) and \(names.count - 3) more" : shown
    }
}
