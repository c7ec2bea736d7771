import Foundation
import Testing

@testable import Kernel

/// Small files that would cost much: rows that all name the same long text.
@Suite struct ELFBombTests {
    private func section(ofKind kind: UInt32, in whole: [UInt8]) throws -> ELFSection {
        try #require(try ELFHeader(ELFFile(memory: whole)).section(ofKind: kind))
    }

    private func put(_ value: UInt64, _ bytes: inout [UInt8], at place: Int, width: Int) {
        for step in 0..<width { bytes[place + step] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(step))) }
    }

    /// A library whose names are one text without an end of so many bytes.
    private func stretched(_ whole: [UInt8], names section: ELFSection, by count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = whole
        let header = try ELFHeader(ELFFile(memory: whole))
        let row = try #require(header.sections.firstIndex { $0.offset == section.offset && $0.kind == section.kind })
        let table: Int = whole.count - header.sections.count * ELFSection.size
        let start = bytes.count
        bytes += [UInt8](repeating: UInt8(ascii: "x"), count: count) + [0]
        put(UInt64(start), &bytes, at: table + row * ELFSection.size + 24, width: 8)
        put(UInt64(count + 1), &bytes, at: table + row * ELFSection.size + 32, width: 8)
        return bytes
    }

    @Test func `four thousand libraries of one long name are refused before they are kept four thousand times`() throws {
        let whole: [UInt8] = try FittingPlugin.bytes()
        let dynamic = try section(ofKind: ELFSection.Kind.dynamic, in: whole)
        let header = try ELFHeader(ELFFile(memory: whole))
        var bytes = try stretched(whole, names: header.sections[Int(dynamic.link)], by: 8 << 20)
        for row in 0..<Int(dynamic.count) / 16 {
            put(1, &bytes, at: Int(dynamic.offset) + row * 16, width: 8)
            put(UInt64(row), &bytes, at: Int(dynamic.offset) + row * 16 + 8, width: 8)
        }
        let begin = ContinuousClock.now
        #expect(throws: ELFProblem.self) { _ = try ELFImage(bytes: bytes) }
        #expect(ContinuousClock.now - begin < .seconds(10))
    }

    @Test func `symbols that all have one long name are refused before they are read one by one`() throws {
        let whole: [UInt8] = try FittingPlugin.bytes()
        let symbols = try section(ofKind: ELFSection.Kind.dynamicSymbols, in: whole)
        let header = try ELFHeader(ELFFile(memory: whole))
        for length in [900_000, 8 << 20] {
            var bytes = try stretched(whole, names: header.sections[Int(symbols.link)], by: length)
            // A hundred thousand rows, each a global symbol with the whole text for its name.
            let row: [UInt8] = [0, 0, 0, 0, 0x10, 0, 0, 0] + [UInt8](repeating: 0, count: 16)
            let start = bytes.count
            bytes += (0..<100_000).flatMap { _ in row }
            let place = try #require(header.sections.firstIndex { $0.kind == ELFSection.Kind.dynamicSymbols })
            let table: Int = whole.count - header.sections.count * ELFSection.size
            put(UInt64(start), &bytes, at: table + place * ELFSection.size + 24, width: 8)
            put(UInt64(100_000 * 24), &bytes, at: table + place * ELFSection.size + 32, width: 8)
            let begin = ContinuousClock.now
            #expect(throws: ELFProblem.self) {
                let image = try ELFImage(bytes: bytes)
                try image.symbols.forEach { _ in }
            }
            #expect(ContinuousClock.now - begin < .seconds(10))
        }
    }
}
