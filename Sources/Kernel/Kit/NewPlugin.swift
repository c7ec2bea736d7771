import FoundationEssentials
import PluginAPI

/// Makes the package of a new plugin out of the one in the SDK, by other names.
struct NewPlugin: Sendable {
    let name: PluginName
    let sdk: SDK

    /// What the package in the SDK is called, and where it looks for the SDK.
    private static let model = (module: "AcmeLoyalty", id: "acme-loyalty", snake: "acme_loyalty", title: "Acme loyalty", phrase: "acme loyalty")
    private static let usualSDK = "/usr/local/lib/tenon/sdk"

    /// The files by their paths within the package, in order.
    func files() throws -> [(path: String, text: String)] {
        let paths: [String] = Folder.files(in: sdk.template)
        guard !paths.isEmpty else {
            throw CRMError(.unavailable, "the SDK in \(sdk.folder) has no plugin to begin with", hint: "Install the product again.")
        }
        return try paths.map { path in
            let text = try String(contentsOf: URL(filePath: sdk.template + "/" + path), encoding: .utf8)
            return (renamed(path), renamed(text).replacing(NewPlugin.usualSDK, with: sdk.folder))
        }
    }

    /// Writes the package into a folder that is not there yet, or is empty.
    @discardableResult
    func write(to folder: String) throws -> [String] {
        if FileManager.default.fileExists(atPath: folder) {
            let isFree: Bool = try FileManager.default.isDirectory(folder) && FileManager.default.contentsOfDirectory(atPath: folder).isEmpty
            guard isFree else {
                throw CRMError.refused("\(folder) is there already", hint: "Choose another name or another --dir; nothing is overwritten.")
            }
        }
        let files = try files()
        for (path, text) in files {
            let target = URL(filePath: folder + "/" + path)
            try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: target, options: .withoutOverwriting)
        }
        return files.map(\.path)
    }

    private func renamed(_ text: String) -> String {
        let model = NewPlugin.model
        return text.replacing(model.module, with: name.module).replacing(model.id, with: name.id).replacing(model.snake, with: name.snake)
            .replacing(model.title, with: name.title).replacing(model.phrase, with: name.phrase)
    }
}

extension FileManager {
    /// Whether a folder stands at a path.
    func isDirectory(_ path: String) -> Bool {
        var isFolder = false
        return fileExists(atPath: path, isDirectory: &isFolder) && isFolder
    }
}
