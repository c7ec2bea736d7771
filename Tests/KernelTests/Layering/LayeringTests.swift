import Foundation
import Testing

/// Who may import whom. The table stands in docs/architecture.md; this keeps it true.
@Suite struct LayeringTests {
    /// Part of the toolchain, and so open to everyone.
    static let standard: Set<String> = [
        "Foundation", "FoundationEssentials", "Glibc", "Dispatch", "Synchronization", "Observation", "RegexBuilder",
    ]
    static let http: Set<String> = [
        "Hummingbird", "HummingbirdCore", "HTTPTypes", "NIOCore", "NIOPosix", "NIOHTTP1", "NIOHTTPTypes", "NIOConcurrencyHelpers", "NIOExtras",
        "ServiceLifecycle", "UnixSignals", "AsyncAlgorithms",
    ]

    @Test func `plugins import PluginAPI, and neither the kernel nor each other`() throws {
        try expectImports(in: "Plugins", allowed: ["PluginAPI"])
    }

    @Test func `the interface for plugins imports nothing of ours`() throws {
        try expectImports(in: "Sources/PluginAPI", allowed: ["PackageDescription"])
        #expect(try !SourceFile.all(in: "Sources/PluginAPI").isEmpty)
    }

    @Test func `only its own folder of the kernel knows the database`() throws {
        try expectImporters(of: ["GRDB", "GRDBSQLite", "SQLite3"], only: ["Sources/Kernel/Storage/SQLite/"])
        try expectImporters(of: ["CPostgreSQL"], only: ["Sources/Kernel/Storage/PostgreSQL/"])
    }

    @Test func `only the HTTP folder of the kernel knows the web server`() throws {
        try expectImporters(of: Self.http, only: ["Sources/Kernel/HTTP/", "Sources/Kernel/Kernel.swift"])
    }

    @Test func `only the command line's folder knows the argument parser`() throws {
        try expectImporters(of: ["ArgumentParser"], only: ["Sources/Kernel/CLI/"])
    }

    @Test func `only the folder for other languages knows libffi`() throws {
        try expectImporters(of: ["CFFI", "CFFISystem"], only: ["Sources/Kernel/Foreign/"])
    }

    @Test func `the kernel imports no plugin`() throws {
        let plugins: Set<String> = try Set(SourceFile.all(in: "Plugins").map { String($0.path.split(separator: "/")[1]) })
        try expectImporters(of: plugins, only: [])
    }

    @Test func `the kernel contains no business noun`() throws {
        let nouns: Set<String> = [
            "lead", "leads", "deal", "deals", "invoice", "invoices", "customer", "customers", "company", "companies", "prospect",
            "prospects", "opportunity", "opportunities", "proposal", "proposals", "estimate", "estimates", "commission",
            "commissions", "pipelines",
        ]
        let files: [SourceFile] = try SourceFile.all(in: "Sources/Kernel", endings: [".swift", ".js", ".css", ".svg"])
        try #require(!files.isEmpty)
        for file in files {
            for (line, word) in file.words where nouns.contains(word) {
                Issue.record("\(file.path):\(line) says “\(word)”")
            }
        }
    }

    @Test func `no file is named after no concept`() throws {
        for folder in ["Sources", "Plugins", "Tests"] {
            for file in try SourceFile.all(in: folder) {
                let name: String = URL(fileURLWithPath: file.path).deletingPathExtension().lastPathComponent
                for ending in ["Utils", "Util", "Helpers", "Helper", "Manager"] {
                    #expect(!name.hasSuffix(ending), "\(file.path)")
                }
            }
        }
    }

    private func expectImports(in folder: String, allowed: Set<String>) throws {
        for file in try SourceFile.all(in: folder) {
            let others: [String] = file.imports.filter { !allowed.contains($0) && !Self.standard.contains($0) }
            #expect(others.isEmpty, "\(file.path) imports \(others.joined(separator: ", "))")
        }
    }

    private func expectImporters(of modules: Set<String>, only folders: [String]) throws {
        for file in try SourceFile.all(in: "Sources/Kernel") where !folders.contains(where: { file.path.hasPrefix($0) }) {
            let found: [String] = file.imports.filter { modules.contains($0) }
            #expect(found.isEmpty, "\(file.path) imports \(found.joined(separator: ", "))")
        }
    }
}

/// The reader of source files itself.
@Suite struct SourceFileTests {
    @Test func `imports are read with their attributes and kinds`() {
        let file = SourceFile(path: "", text: "public import A\n@testable import B\nimport struct C.D\n// import E\nimportant F\nimport G")
        #expect(file.imports == ["A", "B", "C", "G"])
    }

    @Test func `words are taken out of names`() {
        let file = SourceFile(path: "", text: "leadStatus deal_stage Ideal misleading\nmyDeals")
        #expect(file.words.map(\.word) == ["lead", "status", "deal", "stage", "ideal", "misleading", "my", "deals"])
        #expect(file.words.last?.line == 2)
    }
}
