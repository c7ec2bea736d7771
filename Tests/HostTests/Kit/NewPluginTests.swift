import Foundation
import PluginTesting
import Testing

@testable import Kernel

/// From nothing to a page, as a plugin's author goes.
@Suite struct NewPluginTests {
    private static let sdk: String = Deployment.buildFolder.path + "/tenon-home/sdk"
    private static var environment: [String: String] {
        let outer: [String: String] = ProcessInfo.processInfo.environment
        var inner: [String: String] = ["TENON_SDK": sdk, "PATH": outer["PATH"] ?? "/usr/bin:/bin", "HOME": outer["HOME"] ?? "/", "NO_COLOR": "1"]
        inner["TMPDIR"] = outer["TMPDIR"]
        return inner
    }

    @Test func `names follow from the id`() throws {
        let name = try PluginName("acme-loyalty")
        #expect(name.module == "AcmeLoyalty")
        #expect(name.snake == "acme_loyalty")
        #expect(name.title == "Acme loyalty")
        #expect(try PluginName("swift").module == "SwiftModule")
        #expect(try PluginName("a1-2b").module == "A12b")
        for bad in ["", "Acme", "acme_loyalty", "acme--loyalty", "1acme", "acme-", "../acme", String(repeating: "a", count: 31)] {
            #expect(throws: (any Error).self, "\(bad)") { try PluginName(bad) }
        }
    }

    @Test func `nothing of the plugin that new ones are made of stays behind under another name`() throws {
        let files = try NewPlugin(name: try PluginName("bee-keeper"), sdk: SDK(folder: Self.sdk)).files()
        #expect(files.map(\.path) == [
            ".gitignore", "Package.swift", "README.md", "Sources/BeeKeeper/BeeKeeperPlugin.swift", "Sources/BeeKeeper/Entry.swift",
            "Sources/BeeKeeper/FinishEntry.swift", "Tests/BeeKeeperTests/BeeKeeperTests.swift", "Tests/Released/README.md", "plugin.json",
        ])
        for file in files {
            #expect(!file.text.lowercased().contains("acme"), "\(file.path)")
            #expect(!file.text.lowercased().contains("loyalty"), "\(file.path)")
        }
        let package: String = try #require(files.first { $0.path == "Package.swift" }?.text)
        #expect(package.contains("?? \"\(Self.sdk)\""))
        let entry: String = try #require(files.first { $0.path.hasSuffix("Entry.swift") }?.text)
        #expect(entry.contains("Schema(\"bee_keeper_entry\""))
    }

    /// A page as a browser gets it: after the log-in.
    private static func page(_ path: String, of address: String) async throws -> String {
        let browser = CurlTransport(target: .url(address))
        var login = APIRequest(method: "POST", path: ["login"])
        login.headers["content-type"] = "application/x-www-form-urlencoded"
        login.body = Array("email=admin%40example.com&password=a+long+walk+by+the+sea".utf8)
        let session: String = try #require(try await browser.send(login, sink: nil).headers["set-cookie"])
        var visit = APIRequest(method: "GET", path: ["admin", path])
        visit.headers["cookie"] = String(session.prefix { $0 != ";" })
        let page = try await browser.send(visit, sink: nil)
        #expect(page.status == 200)
        return String(decoding: page.body, as: UTF8.self)
    }

    @Test func `what is there already is left alone`() throws {
        let program = try TenonProgram()
        let first = try program.run("plugin", "new", "acme-loyalty", "--dir", program.folder.path, environment: Self.environment)
        #expect(first.status == 0, "\(first)")
        let readme: URL = program.folder.appendingPathComponent("acme-loyalty/README.md")
        try Data("mine".utf8).write(to: readme)
        let second = try program.run("plugin", "new", "acme-loyalty", "--dir", program.folder.path, environment: Self.environment)
        #expect(second.status != 0)
        #expect(second.errors.contains("is there already"))
        #expect(try String(contentsOf: readme, encoding: .utf8) == "mine")
    }

    @Test func `a new plugin builds, passes its tests, and shows its page`() async throws {
        let clock = ContinuousClock()
        var times: [String] = []
        func timed<T>(_ what: String, _ body: () async throws -> T) async rethrows -> T {
            let start = clock.now
            let result = try await body()
            times.append("\(what) \(PluginDev.seconds(clock.now - start))")
            return result
        }
        let program: TenonProgram = try .prepared()
        let folder: String = program.folder.path + "/acme-loyalty"
        func tenon(_ arguments: String...) throws -> TenonProgram.Run { try program.run(arguments, environment: Self.environment) }

        let made = try await timed("new") { try tenon("plugin", "new", "acme-loyalty", "--dir", program.folder.path) }
        #expect(made.status == 0, "\(made)")
        let built = try await timed("build") { try tenon("plugin", "build", folder, "--debug", "--install") }
        #expect(built.status == 0, "\(built)")
        let server = try program.serve()
        defer { server.process.terminate() }
        let enabled = try await timed("enable") { try program.run("plugin", "enable", "acme-loyalty") }
        #expect(enabled.status == 0, "\(enabled)")
        let added = try program.run("acme-loyalty-entries", "add", "--name", "Hello from here", "--json")
        #expect(added.json["name"]?.text == "Hello from here", "\(added)")
        let page = try await timed("page") { try await Self.page("acme-loyalty-entries", of: server.address) }
        #expect(page.contains("Acme loyalty entries"))
        #expect(page.contains("Hello from here"))
        let tested = try await timed("test") { try tenon("plugin", "test", folder) }
        #expect(tested.status == 0, "\(tested)")
        #expect(tested.output.contains("Test run with 2 tests"), "\(tested)")
        print("from nothing to a page: \(times.joined(separator: ", "))")
    }

    @Test func `a plugin in C is built, and put to the rules that every plugin keeps, by the same command`() throws {
        let program = try TenonProgram()
        let folder: String = program.folder.path + "/acme-score"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for file in ["plugin.json", "acme_score.c", "README.md"] {
            try FileManager.default.copyItem(atPath: Deployment.sources.path + "/Examples/acme-score/" + file, toPath: folder + "/" + file)
        }
        let tested = try program.run("plugin", "test", folder, environment: Self.environment)
        #expect(tested.status == 0, "\(tested)")
        let count: Int = PluginCompatTest.rules.count
        #expect(tested.output.contains("acme-score 1.0.0 keeps \(count) of \(count) rules"), "\(tested)")

        try Data("int broken(".utf8).write(to: URL(fileURLWithPath: folder + "/acme_score.c"))
        let broken = try program.run("plugin", "build", folder, environment: Self.environment)
        #expect(broken.status != 0)
        #expect(broken.errors.contains("the plugin acme-score does not build"), "\(broken)")
    }
}
