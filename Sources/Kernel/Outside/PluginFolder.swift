import Foundation
import PluginAPI

/// The files of one plugin: a folder of its own, which no name gets out of.
struct PluginFolder: Sendable {
    private let root: URL
    static let mostBytes = 64 * 1024 * 1024

    init(of plugin: String, in folder: String) {
        root = URL(fileURLWithPath: folder, isDirectory: true).appendingPathComponent(plugin, isDirectory: true)
    }

    func read(_ name: String) throws -> [UInt8]? {
        let file = try file(name)
        guard try isFile(file) else { return nil }
        return [UInt8](try Data(contentsOf: file))
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        guard bytes.count <= PluginFolder.mostBytes else {
            throw CRMError(.tooLarge, "the file \(name) has more than \(PluginFolder.mostBytes / 1024 / 1024) MiB")
        }
        let file = try file(name)
        _ = try isFile(file)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try Data(bytes).write(to: file, options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
    }

    func delete(_ name: String) throws {
        let file = try file(name)
        if try isFile(file) { try FileManager.default.removeItem(at: file) }
    }

    func list() throws -> [String] {
        guard let all = FileManager.default.enumerator(atPath: root.path) else { return [] }
        var names: [String] = []
        while let name = all.nextObject() as? String {
            if all.fileAttributes?[.type] as? FileAttributeType == .typeRegular { names.append(name) }
        }
        return names.sorted()
    }

    /// Where a name stands. Throws `invalid` for a name that is not a plain one.
    private func file(_ name: String) throws -> URL {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard name.utf8.count <= 200, (1...8).contains(parts.count), parts.allSatisfy(PluginFolder.isPlain) else {
            throw CRMError(
                .invalid, "a file cannot be called \(name.prefix(80))",
                hint: "Use letters, digits, dots, dashes and underscores, with a slash between folders: reports/march.csv.")
        }
        return root.appendingPathComponent(name)
    }

    private static func isPlain(_ part: Substring) -> Bool {
        guard let first = part.utf8.first, first != UInt8(ascii: "."), first != UInt8(ascii: "-") else { return false }
        return part.utf8.allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122: true
            default: byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            }
        }
    }

    /// Whether there is a file. Throws `refused` where a step on the way to it points elsewhere: a link, or a folder.
    private func isFile(_ file: URL) throws -> Bool {
        var isThere = false
        var step = file
        while step.path.count > root.path.count {
            let type = try? FileManager.default.attributesOfItem(atPath: step.path)[.type] as? FileAttributeType
            let isLast: Bool = step.path == file.path
            if let type, type != (isLast ? .typeRegular : .typeDirectory) {
                throw CRMError.refused("\(file.lastPathComponent) is not a file of the plugin", hint: "Use another name.")
            }
            if isLast { isThere = type != nil }
            step.deleteLastPathComponent()
        }
        return isThere
    }
}
