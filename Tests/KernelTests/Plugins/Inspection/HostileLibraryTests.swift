import Foundation
import Testing

@testable import Kernel

/// Files from strangers may say anything. Reading them ends in an answer, never in a trap.
@Suite struct HostileLibraryTests {
    let inspector: PluginInspector
    let expectation = PluginExpectation.swift(id: "sample")

    init() throws {
        inspector = PluginInspector(host: try HostLibraries())
    }

    private func inspect(_ bytes: [UInt8]) -> [PluginRefusal] {
        do throws(ELFProblem) {
            return inspector.inspect(try ELFImage(bytes: bytes), expecting: expectation)
        } catch {
            return [PluginRefusal(field: .file, plugin: error.message, host: "", hint: "")]
        }
    }

    @Test func `a library cut off anywhere is refused`() throws {
        let whole: [UInt8] = try FittingPlugin.bytes()
        try #require(inspect(whole).isEmpty)
        // The section table ends the file, so that no shorter copy is whole.
        for step in 0..<500 {
            let cut = Array(whole.prefix(whole.count * step / 500))
            #expect(inspect(cut).map(\.field) == [.file], "cut to \(cut.count) of \(whole.count) bytes")
        }
    }

    @Test(arguments: [UInt64(1), 2, 3, 4])
    func `two thousand libraries with flipped bytes are all answered`(seed: UInt64) throws {
        let whole: [UInt8] = try FittingPlugin.bytes()
        let tables: [Range<Int>] = try Self.tables(of: whole)
        var random = SplitMix(state: seed)
        var refused = 0
        for _ in 0..<500 {
            var bytes: [UInt8] = whole
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                // Mostly where the reader looks; a byte of code changes nothing for it.
                let place: Range<Int> = Bool.random(using: &random) ? tables.randomElement(using: &random)! : 0..<whole.count
                bytes[Int.random(in: place, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            refused += inspect(bytes).isEmpty ? 0 : 1
        }
        #expect(refused > 50)
    }

    @Test func `numbers at their limits in the head are answered`() throws {
        let whole: [UInt8] = try FittingPlugin.bytes()
        for field in [16, 18, 20, 32, 40, 52, 54, 56, 58, 60, 62] {
            for fill: UInt8 in [0x00, 0x7f, 0x80, 0xff] {
                var bytes: [UInt8] = whole
                let width = [32, 40].contains(field) ? 8 : 2
                for place in field..<field + width { bytes[place] = fill }
                _ = inspect(bytes)
            }
        }
        var bytes: [UInt8] = whole
        for place in 40..<48 { bytes[place] = 0xff }
        #expect(inspect(bytes).map(\.plugin) == ["is truncated in its section table"])
    }

    /// The head, the section table and the sections that the reader reads.
    private static func tables(of whole: [UInt8]) throws -> [Range<Int>] {
        let header = try ELFHeader(ELFFile(memory: whole))
        let table: Int = whole.count - header.sections.count * ELFSection.size
        let read: Set<UInt32> = [ELFSection.Kind.dynamic, ELFSection.Kind.dynamicSymbols, 3]
        let sections: [Range<Int>] = header.sections.filter { read.contains($0.kind) && $0.count > 0 }
            .map { Int($0.offset)..<Int($0.offset + $0.count) }
        return [0..<64, table..<whole.count] + sections
    }
}

/// The same numbers in each run, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed: UInt64 = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
