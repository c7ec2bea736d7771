import Testing

@testable import Kernel

@Suite struct ELFImageTests {
    @Test func `a text file is not a library`() {
        #expect(throws: ELFProblem.notELF) { try ELFImage(bytes: Array("#!/bin/sh\n".utf8)) }
    }

    @Test func `an empty file is not a library`() {
        #expect(throws: ELFProblem.notELF) { try ELFImage(bytes: []) }
    }
}
