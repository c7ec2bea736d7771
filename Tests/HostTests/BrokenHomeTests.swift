import Foundation
import Testing

@testable import Kernel

/// A product of which a part is missing says so where it is started.
@Suite struct BrokenHomeTests {
    /// A home with a plugin and the browser's files, as copies that a test may break.
    private func home(_ change: (URL) throws -> Void) throws -> (program: TenonProgram, home: URL) {
        let program = try TenonProgram([])
        let home: URL = program.folder.appendingPathComponent("other-home")
        let plugin: URL = home.appendingPathComponent("plugins/customers")
        try FileManager.default.createDirectory(at: plugin, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: Deployment.sources.appendingPathComponent("Plugins/Customers/plugin.json"), to: plugin.appendingPathComponent("plugin.json"))
        try FileManager.default.createSymbolicLink(
            at: plugin.appendingPathComponent("libCustomers.so"), withDestinationURL: Deployment.buildFolder.appendingPathComponent("libCustomers.so"))
        try FileManager.default.copyItem(
            at: Deployment.sources.appendingPathComponent("Sources/Kernel/Web/Assets"), to: home.appendingPathComponent("assets"))
        try change(home)
        return (program, home)
    }

    private func initialise(_ place: (program: TenonProgram, home: URL), _ more: String...) throws -> TenonProgram.Run {
        try place.program.run(
            ["init", "--admin-email", "admin@example.com", "--admin-password-file", "-"] + more, input: "a long walk by the sea\n",
            environment: ["TENON_HOME": place.home.path])
    }

    @Test func `a whole home is not complained of`() throws {
        let run = try initialise(home { _ in })
        #expect(run.status == 0 && run.errors == "", "\(run)")
    }

    @Test(arguments: [
        ("assets/tenon.css", "is missing"), ("assets/tenon.js", "is missing"), ("plugins/customers/plugin.json", "plugin.json is missing"),
    ])
    func `a file that is missing is named by init and by serve`(_ file: String, _ words: String) throws {
        let place = try home { try FileManager.default.removeItem(at: $0.appendingPathComponent(file)) }
        try expectComplaint(place, file, words)
    }

    @Test(arguments: [("assets/tenon.css", "cannot be read"), ("plugins/customers/plugin.json", "plugin.json cannot be read")])
    func `a file that cannot be read is named by init and by serve`(_ file: String, _ words: String) throws {
        // Not even an administrator reads a folder as a file.
        let place = try home { home in
            try FileManager.default.removeItem(at: home.appendingPathComponent(file))
            try FileManager.default.createDirectory(at: home.appendingPathComponent(file), withIntermediateDirectories: true)
        }
        try expectComplaint(place, file, words)
    }

    @Test func `a plugin.json that makes no sense is named by init and by serve`() throws {
        let place = try home { try "{".write(to: $0.appendingPathComponent("plugins/customers/plugin.json"), atomically: true, encoding: .utf8) }
        try expectComplaint(place, "plugins/customers", "cannot be used")
    }

    private func expectComplaint(_ place: (program: TenonProgram, home: URL), _ file: String, _ words: String) throws {
        let folder: String = file.hasPrefix("plugins") ? "plugins/customers" : file
        let made = try initialise(place)
        #expect(made.status == 0 && made.errors.contains("warning: "), "\(made)")
        #expect(made.errors.contains(place.home.path + "/" + folder) && made.errors.contains(words), "\(made)")
        let errors: URL = place.program.folder.appendingPathComponent("errors")
        let server = try place.program.serve(environment: ["TENON_HOME": place.home.path], errors: errors)
        server.process.terminate()
        server.process.waitUntilExit()
        let said = try String(contentsOf: errors, encoding: .utf8)
        #expect(said.contains(place.home.path + "/" + folder) && said.contains(words), "\(said)")
        // Once, by the one who was started.
        #expect(said.components(separatedBy: "warning: ").count == 2, "\(said)")
    }

    @Test func `demo data without plugins is refused before anything is made`() throws {
        let place = try home { home in
            try FileManager.default.removeItem(at: home.appendingPathComponent("plugins/customers"))
        }
        let run = try initialise(place, "--demo")
        #expect(run.status == 1 && run.errors.contains("there are no plugins in \(place.home.path)/plugins, and so no demo data"), "\(run)")
        #expect(!FileManager.default.fileExists(atPath: place.program.data.path))
        #expect(try initialise(place).status == 0)
    }

    @Test func `a home that is asked for and is none is named`() throws {
        let program = try TenonProgram([])
        let run = try initialise((program, program.folder.appendingPathComponent("nowhere")))
        #expect(run.errors.contains("TENON_HOME names \(program.folder.path)/nowhere, which has no folder \"plugins\" and is not used"), "\(run)")
    }
}
