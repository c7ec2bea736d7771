/// A page for people outside, in the product's own looks: light and dark, on a phone, with the keyboard, without script. It is
/// put together from parts; whatever text is in them is shown as text, never as markup.
///
/// ```swift
/// var page = HostedPage("Contact us")
/// page.parts.append(.text("We answer within a day."))
/// page.parts.append(.form(HostedForm(action: "/plugins/desk/contact", fields: fields, button: "Send")))
/// return .page(page)
/// ```
public struct HostedPage: Sendable {
    /// A part of a page.
    public enum Part: Sendable {
        /// Paragraphs, a line each.
        case text(String)
        /// Something that stands out, with a heading and paragraphs.
        case notice(Tone, String, String)
        /// A link with its words: a path of this product, or an address with http or https. It opens in the whole window, also
        /// from within a frame.
        case link(String, to: String)
        /// A form.
        case form(HostedForm)
    }
    /// What a notice means.
    public enum Tone: Sendable {
        /// To know.
        case plain
        /// It went well.
        case good
        /// It did not.
        case bad
    }

    /// The heading, also in the browser's bar.
    public var title: String
    /// What stands below it, in order.
    public var parts: [Part]
    /// Whether it stands in a frame of another page: without the product's own frame around it.
    public var isEmbedded = false
    /// The sites that may show the page in a frame; none unless given.
    public var frameAncestors: [WebOrigin] = []
    /// Other sites to which the answer to a form of the page may redirect.
    public var formTargets: [WebOrigin] = []

    /// Makes a page.
    public init(_ title: String, _ parts: [Part] = []) {
        self.title = title
        self.parts = parts
    }
}

/// A form of a hosted page. It is sent with POST and answered by a route of everyone: there is no session, and so no security
/// token in it.
public struct HostedForm: Sendable {
    /// Where it is sent: a path of this product.
    public var action: String
    /// What it asks for.
    public var fields: [HostedField]
    /// The words on the button.
    public var button: String
    /// Fields that are sent but not shown.
    public var hidden: [(name: String, value: String)] = []
    /// The name of a field that people do not see, and programs fill in.
    public var trap: String?
    /// What is wrong with the form as a whole, as a sentence; shown above it, with the problems of its fields.
    public var problem = ""

    /// Makes a form.
    public init(action: String, fields: [HostedField], button: String) {
        self.action = action
        self.fields = fields
        self.button = button
    }
}

/// A field of a hosted form.
public struct HostedField: Sendable {
    /// Its name, label, kind, help and rules.
    public var description: FieldDescription
    /// What is in it: several for a field with several values.
    public var texts: [String] = []
    /// The currency of an amount, as its code.
    public var currency = ""
    /// What is wrong with it, as in ``Problem/message``.
    public var problem: String?
    /// What can be chosen, for references: the key is sent, the label shown.
    public var choices: [ChoiceOption] = []
    /// What browsers may fill in by themselves: `name`, `email`, `tel`, `organization`, …; `off` for nothing.
    public var autocomplete = "off"

    /// Makes a field.
    public init(_ description: FieldDescription) { self.description = description }
}
