import PluginAPI

/// A formula as it was written, before anything is known of its names and types.
struct FormulaSyntax: Sendable {
    indirect enum Form: Sendable {
        case literal(Value)
        /// A field, perhaps by way of links: the names with their places.
        case path([Name])
        case call(Name, [FormulaSyntax])
        case unary(Name, FormulaSyntax)
        case binary(Name, FormulaSyntax, FormulaSyntax)
        /// A value among several, or among those of a list field.
        case among(FormulaSyntax, [FormulaSyntax], isNegated: Bool)
    }

    struct Name: Sendable {
        let text: String
        let place: Range<Int>
    }

    let form: Form
    let place: Range<Int>
    /// How many parts stand within each other here.
    let depth: Int
}
