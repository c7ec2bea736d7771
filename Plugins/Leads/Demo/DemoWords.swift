import PluginAPI

/// The words of which prospects are made.
enum DemoWords {
    static let topics: [String] = [
        "Pilot installation", "Maintenance contract", "Yearly framework order", "Replacement of old machines", "Spare parts",
        "Training for the team", "Second site", "More licences", "Fleet of vans", "Packaging line", "Office move",
        "Energy audit", "Safety equipment", "Night shift support", "Web shop", "Cold storage", "Labels and scanners",
    ]

    static let firstNames: [String] = [
        "Ada", "Boris", "Carla", "Dmitri", "Edda", "Farid", "Gwen", "Hugo", "Ines", "Jarek", "Katja", "Leon", "Mona", "Noah", "Olga",
        "Pascal", "Rosa", "Stefan", "Tilda", "Ugo", "Vera", "Wim", "Yara", "Zeno", "Bettina", "Cyril", "Doreen", "Emil", "Frida", "Goran",
    ]

    static let familyNames: [String] = [
        "Ackerley", "Bartos", "Castell", "Drummer", "Engelen", "Falk", "Gruber", "Hadley", "Ibsenius", "Jandl", "Kowal", "Lindqvist",
        "Mertens", "Novotny", "Ostrander", "Prohaska", "Quade", "Reinholt", "Sandoz", "Tauber", "Ulmer", "Varga", "Wexford", "Zielke",
    ]

    static let heads: [String] = [
        "Amber", "Birch", "Clay", "Dune", "Ember", "Flint", "Grove", "Heath", "Iron", "Juniper", "Kestrel", "Lark", "Moss", "North",
        "Otter", "Pine", "Reed", "Slate", "Thorn", "Willow",
    ]

    static let tails: [String] = [
        "wharf", "holt", "croft", "brook", "field", "haven", "works", "mill", "yard", "cliff", "combe", "shaw",
    ]

    static let kinds: [String] = ["Textiles", "Printing", "Hotels", "Farms", "Optics", "Furniture", "Cycles", "Labs", "Events", "Paper"]

    static let functions: [String] = ["Management", "Purchasing", "Production", "IT", "Office", "Finance"]

    static let areas: [String] = ["North", "South", "East", "West"]

    static func person(_ random: inout SeededRandom) -> String { "\(random.pick(firstNames)) \(random.pick(familyNames))" }

    static func company(_ random: inout SeededRandom) -> String {
        "\(random.pick(heads))\(random.pick(tails)) \(random.pick(kinds))"
    }
}
