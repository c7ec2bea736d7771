import Testing

@testable import Kernel

@Suite("What people write in many ways") struct MatchTextTests {
    @Test(arguments: [
        ("+49 30 123456", "030 123456"), ("+49 (0)30 12 34 56", "0049 30 123456"), ("+49-30-123456", "(030) 123456"),
        ("+44 20 7946 0958", "020 7946 0958"), ("+1 (415) 555-0100", "415.555.0100"), ("+1 415 555 0100", "1-415-555-0100"),
        ("+39 06 1234567", "06 1234567"), ("+33 1 42 68 53 00", "01.42.68.53.00"), ("+43 1 5127777", "01/5127777"),
        ("+353 1 677 7777", "(01) 677 7777"), ("+49 89 1234567 ext. 12", "089 1234567"), ("+7 495 123-45-67", "+7 (495) 1234567"),
        ("0041 44 668 18 00", "+41 44 668 18 00"),
    ])
    func `a telephone number is the same with and without its country`(one: String, other: String) throws {
        let first = try #require(MatchText.phone(one)), second = try #require(MatchText.phone(other))
        #expect(first.matches(second), "\(first) \(second)")
    }

    @Test(arguments: [
        ("+49 30 123456", "+43 30 123456"), ("+49 30 123456", "030 123457"), ("+1 415 555 0100", "+44 415 555 0100"),
    ])
    func `another number or another country is another telephone`(one: String, other: String) throws {
        let first = try #require(MatchText.phone(one)), second = try #require(MatchText.phone(other))
        #expect(!first.matches(second))
    }

    @Test(arguments: ["", "n/a", "110", "12345", "ext. 12"])
    func `a few digits are nobody's telephone`(text: String) {
        #expect(MatchText.phone(text) == nil)
    }

    @Test(arguments: [
        ("Müller & Söhne GmbH", "Mueller Sohne"), ("Otterbrook Labs, Inc.", "otterbrook labs"), ("ACME Corp.", "Acme Corporation"),
        ("Société Générale S.A.", "Societe Generale"), ("Ørsted A/S", "Orsted"), ("Škoda Auto a.s.", "Skoda Auto"),
        ("The Boring Company", "Boring"), ("Meyer und Partner GbR", "Meyer & Partner"), ("Łódź Sp. z o.o.", "Lodz"), ("STRASSE AG", "Straße AG"),
        ("O'Hara Ltd", "OHara"), ("Jürgen Groß", "JUERGEN GROSS"), ("Anna M. Schmidt", "Schmidt, Anna"), ("Jose\u{301} Garci\u{301}a", "José García"),
    ])
    func `names are the same without accents, legal forms and order`(one: String, other: String) {
        #expect(MatchText.words(one).sorted() == MatchText.words(other).sorted(), "\(MatchText.words(one)) \(MatchText.words(other))")
    }

    @Test(arguments: ["AG", "Co", "S.A.", "Y"])
    func `a name that is nothing but a legal form is still a name`(name: String) {
        #expect(!MatchText.words(name).isEmpty)
    }

    @Test(arguments: [
        ("Anna Schmidt", "Anna Schmitt"), ("Ana Schmidt", "Anna Schmidt"), ("Jonathan Hughes", "Jonathon Hughes"), ("Siemens", "Simens"),
        ("Deutsche Telekom", "Deutche Telekom"), ("Otterbrook", "Otter Brook"), ("Katharina Weiß", "Catharina Weiss"), ("Stephen Hawking", "Steven Hawking"),
    ])
    func `a slip of the pen leaves names similar`(one: String, other: String) {
        #expect(Similarity.names(MatchText.words(one), MatchText.words(other)) >= Similarity.enough)
    }

    @Test(arguments: [
        ("Anna Schmidt", "Anna Schneider"), ("Mark Miller", "Mary Miller"), ("Siemens", "Siemens Healthineers"), ("Deutsche Bank", "Deutsche Bahn"),
        ("Peter Klein", "Petra Gross"), ("Max Weber", "Max Huber"), ("Nordwind Energie", "Südwind Energie"), ("Acme", "Apex"),
    ])
    func `other names stay other names`(one: String, other: String) {
        let likeness = Similarity.names(MatchText.words(one), MatchText.words(other))
        #expect(likeness < Similarity.enough, "\(likeness)")
    }

    @Test func `web addresses are the same without what all of them begin with`() {
        #expect(MatchText.url("https://www.Example.com/") == MatchText.url("http://example.com"))
        #expect(MatchText.url("https://example.com/shop") != MatchText.url("https://example.com"))
    }
}
