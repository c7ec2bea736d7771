import FoundationEssentials
import PluginAPI

/// What the product brings for those who write plugins: PluginAPI, PluginTesting, and a plugin to begin with.
struct SDK: Sendable {
    let folder: String

    /// The one that belongs to the running product, or that `TENON_SDK` names.
    static func find(_ environment: [String: String] = Invocation.current.environment) throws -> SDK {
        let named: String? = environment["TENON_SDK"].flatMap { $0.isEmpty ? nil : $0 }
        let candidates: [String] = [named, Home.beside().sdk].compactMap(\.self)
        for folder in candidates where FileManager.default.fileExists(atPath: folder + "/PluginAPI/Package.swift") {
            return SDK(folder: Folder.absolute(folder))
        }
        throw CRMError(
            .unavailable, "the SDK for plugins is not there: looked for \(candidates.isEmpty ? "the product's home" : candidates.joined(separator: ", "))",
            hint: "Install the product with `make install`, build it with `make build`, or name the folder in TENON_SDK.")
    }

    /// The plugin that new ones are made of.
    var template: String { folder + "/NewPlugin" }
    /// Runs the house rules on a plugin that has no tests of its own.
    var compatibility: String { folder + "/tenon-compat" }
}

/// Paths of folders.
enum Folder {
    /// As seen from the root; links stay as they are.
    static func absolute(_ path: String) -> String {
        let whole: String = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        var parts: [Substring] = []
        for part in whole.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// All files below a folder, as paths within it, in order. Build folders and version control are left out.
    static func files(in folder: String) -> [String] {
        var found: [String] = []
        func walk(_ path: String) {
            let here: String = path.isEmpty ? folder : folder + "/" + path
            for name in ((try? FileManager.default.contentsOfDirectory(atPath: here)) ?? []).sorted() {
                guard ![".build", ".git", ".swiftpm"].contains(name) else { continue }
                let inner: String = path.isEmpty ? name : path + "/" + name
                var isFolder = false
                guard FileManager.default.fileExists(atPath: folder + "/" + inner, isDirectory: &isFolder) else { continue }
                if isFolder { walk(inner) } else { found.append(inner) }
            }
        }
        walk("")
        return found
    }
}
