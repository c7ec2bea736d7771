import Foundation
import Testing

@Suite("The documentation")
struct DocsTests {
    private let root = SourceFile.root

    private func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    @Test("shows no code of the example plugin that the example does not have")
    func codeIsReal() throws {
        let folder = root.appendingPathComponent("docs/write-a-plugin")
        let pages = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".md") }
        #expect(pages.count >= 6)
        var blocks = 0
        for page in pages.sorted() {
            var source: String?
            var block: [String]?
            for line in try text("docs/write-a-plugin/" + page).components(separatedBy: "\n") {
                if line.hasPrefix("<!-- "), line.hasSuffix(" -->") {
                    source = String(line.dropFirst(5).dropLast(4))
                } else if line.hasPrefix("```"), block == nil {
                    block = []
                } else if line == "```", let code = block {
                    if let source {
                        let file = try text(source)
                        #expect(file.contains(code.joined(separator: "\n")), "\(page) shows code that \(source) does not have: \(code.first ?? "")")
                        blocks += 1
                    }
                    (source, block) = (nil, nil)
                } else {
                    block?.append(line)
                }
            }
        }
        #expect(blocks >= 10)
    }

    @Test("has a row of the map for every folder of the kernel, and no row without one")
    func mapIsComplete() throws {
        let kernel = root.appendingPathComponent("Sources/Kernel")
        let folders = try FileManager.default.contentsOfDirectory(atPath: kernel.path).filter { !$0.hasSuffix(".swift") }
        let map = try #require(text("docs/architecture.md").components(separatedBy: "| folder of the kernel |").last)
        for folder in folders { #expect(map.contains("| `\(folder)/` |"), "the map has no row for \(folder)") }
        for line in map.components(separatedBy: "\n") where line.hasPrefix("| `") && line.contains("/` |") {
            let name = line.dropFirst(3).prefix { $0 != "/" }
            #expect(folders.contains(String(name)), "the map has a row for \(name), which is not there")
        }
    }

    @Test("leads from page to page, and every link in it arrives")
    func linksArrive() throws {
        let folder = root.appendingPathComponent("docs/write-a-plugin")
        let pages = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".md") }.sorted()
        let path = pages.filter { $0.first?.isNumber == true }
        for (page, next) in zip(path, path.dropFirst()) {
            #expect(try text("docs/write-a-plugin/" + page).contains("](\(next))"), "\(page) does not lead to \(next)")
        }
        for page in pages {
            for part in try text("docs/write-a-plugin/" + page).components(separatedBy: "](").dropFirst() {
                let target = String(part.prefix { $0 != ")" && $0 != "#" })
                if target.isEmpty || target.contains("://") { continue }
                #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent(target).path), "\(page) points at \(target)")
            }
        }
    }

    @Test("begins with a README of at most 150 lines")
    func readmeIsShort() throws {
        #expect(try text("README.md").components(separatedBy: "\n").count <= 151)
    }
}
