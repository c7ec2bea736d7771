import Foundation
import PluginAPI
import Testing

@testable import Kernel

/// A library of Tests/Fixtures/Foreign, compiled once, with functions that a test describes as a manifest would.
struct ForeignFixture: Sendable {
    static let tame = Result { try ForeignFixture("tame") }
    static let hostile = Result { try ForeignFixture("hostile") }

    let library: URL

    init(_ name: String, options: [String] = []) throws {
        let source: URL = SourceFile.root.appendingPathComponent("Tests/Fixtures/Foreign/\(name).c")
        library = try LibraryFixtures("foreign-\(name)").cLibrary(
            name, String(contentsOf: source, encoding: .utf8), options: options + ["-Wall", "-Wextra", "-Werror", "-O1", "-g"])
    }

    /// What a plugin with this part `foreign` contributes.
    func contributions(_ foreign: String, id: String = "acme") throws -> Contributions {
        try ForeignLibrary(path: library.path, plugin: id, ForeignInterface.read(foreign)).contributions()
    }

    /// Calls a function that is described by its parameters and what it returns, as a formula does.
    func call(
        _ name: String, _ parameters: [String] = [], returns: String, mayFail: Bool = false, frees: String? = nil, longestText: Int? = nil,
        _ arguments: Value...
    ) throws -> Value {
        let list: String = parameters.map { "\"\($0)\"" }.joined(separator: ", ")
        let more: String = (frees.map { ", \"frees\": \"\($0)\"" } ?? "") + (longestText.map { ", \"longestText\": \($0)" } ?? "")
        let json = """
            {"functions": [{"name": "\(name)", "parameters": [\(list)], "returns": "\(returns)", "mayFail": \(mayFail)}]\(more)}
            """
        return try #require(try contributions(json).functions.first).body(arguments)
    }

    /// What a call is refused with.
    func refusal(
        _ name: String, _ parameters: [String] = [], returns: String, mayFail: Bool = false, frees: String? = nil, longestText: Int? = nil,
        _ argument: Value? = nil
    ) throws -> String {
        do {
            let value: Value = try argument.map {
                try call(name, parameters, returns: returns, mayFail: mayFail, frees: frees, longestText: longestText, $0)
            } ?? call(name, parameters, returns: returns, mayFail: mayFail, frees: frees, longestText: longestText)
            return "gave \(value)"
        } catch let error as CRMError { return error.message }
    }

    /// A part of a composition, as the host makes it of a manifest and a library.
    func part(_ foreign: String, id: String = "acme", optional: [String] = []) throws -> Composition.Part {
        let interface = try ForeignInterface.read(foreign)
        var approved = PluginManifest.Capabilities()
        for handler in interface.handlers {
            for case .field(let place) in handler.sources { approved.reads.append(place.entity) }
            if let sets = handler.sets { approved.writes.append(sets.entity) }
        }
        return Composition.Part(
            id: id, name: id, version: "1.0.0", optional: optional, contributions: try contributions(foreign, id: id),
            approved: approved, foreign: interface)
    }
}

extension ForeignInterface {
    /// Reads the part of a manifest; throws with all that is wrong.
    static func read(_ json: String) throws -> ForeignInterface {
        var problems: [Problem] = []
        let interface = ForeignInterface(try JSONValue(parsing: Array(json.utf8)), problems: &problems)
        if !problems.isEmpty { throw CRMError(.invalid, "the manifest does not do", problems: problems) }
        return interface
    }

    /// All that is wrong with the part of a manifest.
    static func complaints(_ json: String) throws -> [String] {
        do {
            _ = try read(json)
            return []
        } catch let error as CRMError { return error.problems.map { $0.field + " " + $0.message } }
    }
}
