import Testing
@testable import Kernel

@Suite struct TextTableTests {
    @Test func `columns line up by what people see, not by letters or bytes`() {
        var table = TextTable("Name", ">Amount")
        table.add("Müller", "1,250.00 EUR")
        table.add("北海", "7.00 EUR")
        table.add("👩‍🚀 crew", "12.50 EUR")
        #expect(table.text(style: .plain, width: nil) == """
            Name           Amount
            Müller   1,250.00 EUR
            北海         7.00 EUR
            👩‍🚀 crew     12.50 EUR

            """)
    }

    @Test func `a combining accent takes no column`() {
        #expect("e\u{301}a".columns == 2)
        #expect("\u{200B}".columns == 0)
        #expect("한글".columns == 4)
    }

    @Test func `a narrow terminal cuts the widest column and leaves numbers whole`() {
        var table = TextTable("What", ">Amount")
        table.add("a very long description of something", "1,000.00 EUR")
        let text = table.text(style: .plain, width: 30)
        #expect(text.split(separator: "\n").allSatisfy { String($0).columns <= 30 })
        #expect(text.contains("…") && text.contains("1,000.00 EUR"))
    }

    @Test func `a terminal that is too narrow loses the last columns, and says which`() {
        var table = TextTable("Number", "Title", "Status", "Owner", "Outcome")
        table.add("1", "a long title of something", "in progress", "somebody important", "not known yet")
        let dropped = table.dropColumns(toFit: 34)
        #expect(dropped == ["Outcome"])
        let text = table.text(style: .plain, width: 34)
        #expect(text.split(separator: "\n").allSatisfy { String($0).columns <= 34 }, "\(text)")
        #expect(table.dropColumns(toFit: nil).isEmpty)
    }

    @Test func `columns rather go than become too narrow to read, and what is typed is never cut`() {
        var table = TextTable("=Command", "Title", "Contact", "Firm", "Status", "Value", "Owner", "Next")
        table.columns[1].least = 20
        table.add("tenon a-long-command", "a long title of something else", "somebody important", "a firm of some size", "new", "1.00 EUR", "another person", "2026-03-01")
        #expect(table.dropColumns(toFit: 80) == ["Value", "Owner", "Next"])
        let text = table.text(style: .plain, width: 80)
        #expect(text.contains("tenon a-long-command") && text.contains("a long title of"), "\(text)")
        #expect(text.split(separator: "\n").allSatisfy { String($0).columns <= 80 })
    }

    @Test func `a stored text cannot steer the terminal`() {
        #expect("a\u{1B}[2Jb\nc\u{202E}d".tame == "a[2Jb cd")
    }

    @Test func `headings are dim and colours end with their cell`() {
        var table = TextTable("State")
        table.add([TextTable.Cell("on", .good)])
        #expect(table.text(style: TextStyle(depth: .few), width: nil) == "\u{1B}[2mState\u{1B}[0m\n\u{1B}[32mon\u{1B}[0m\n")
    }

    @Test func `thousands are set apart`() {
        #expect(TerminalText.grouped("1234567.50") == "1,234,567.50")
        #expect(TerminalText.grouped("-1234") == "-1,234")
        #expect(TerminalText.grouped("999") == "999")
    }

    @Test func `a long text breaks at spaces`() {
        #expect("one two three four".wrapped(to: 9) == ["one two", "three", "four"])
    }
}
