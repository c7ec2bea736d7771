import Dispatch

/// The record that both sides store.
enum Sample {
    static func title(_ number: Int, _ tag: String) -> String { "New roof for the warehouse at the harbour, part \(tag)\(number)" }
    static func name(_ number: Int) -> String { "Anna-Maria Berger \(number)" }
    static func email(_ number: Int, _ tag: String) -> String { "anna.berger.\(tag)\(number)@example.org" }
    static func company(_ number: Int) -> String { "Berger & Sons Roofing \(number)" }
    static let description =
        "Met at the trade fair. They want an offer for the large hall first and would like to see two other buildings that we did."

    static func json(_ number: Int, _ tag: String) -> String {
        """
        {"title": "\(title(number, tag))", "contact_name": "\(name(number))", "contact_email": "\(email(number, tag))", \
        "company_name": "\(company(number))", "description": "\(description)", "value": {"amount": "12500.00", "currency": "EUR"}}
        """
    }
}

/// Nanoseconds of a clock that only goes forward.
func nanoseconds() -> Int { Int(DispatchTime.now().uptimeNanoseconds) }
