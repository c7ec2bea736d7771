/// A country of the demo data: where its companies are and how its people are called. All of it is made up of common words.
struct Country: Sendable {
    let name: String
    /// Cities with the beginning of their postal codes.
    let cities: [(name: String, code: String)]
    let dialling: String
    let legalForms: [String]
    let streets: [String]
    let firstNames: [String]
    let familyNames: [String]

    /// So many of a hundred companies are here.
    let weight: Int

    static let all: [Country] = [germany, france, kingdom, netherlands, spain, italy, poland, sweden, states]

    static let germany = Country(
        name: "Germany", cities: [("Hamburg", "20"), ("Leipzig", "04"), ("Köln", "50"), ("Stuttgart", "70"), ("Bremen", "28")],
        dialling: "+49 30 555", legalForms: ["GmbH", "AG", "KG"],
        streets: ["Lindenstraße", "Bahnhofstraße", "Am Hafen", "Gartenweg", "Industriestraße"],
        firstNames: ["Anke", "Jonas", "Miriam", "Torsten", "Greta", "Felix", "Sabine", "Lukas"],
        familyNames: ["Altmann", "Brinkhoff", "Dorfer", "Eichinger", "Harting", "Kessel", "Lohmann", "Wiegand"], weight: 24)
    static let france = Country(
        name: "France", cities: [("Lyon", "69"), ("Nantes", "44"), ("Lille", "59"), ("Bordeaux", "33")],
        dialling: "+33 1 55 55", legalForms: ["SAS", "SARL", "SA"],
        streets: ["Rue des Tilleuls", "Avenue de la Gare", "Quai du Port", "Rue du Moulin"],
        firstNames: ["Camille", "Étienne", "Manon", "Bastien", "Élise", "Thibault", "Solène", "Rémi"],
        familyNames: ["Aubertin", "Chastel", "Delmas", "Fournel", "Garrigue", "Lacombe", "Morvan", "Vasseur"], weight: 15)
    static let kingdom = Country(
        name: "United Kingdom", cities: [("Leeds", "LS"), ("Bristol", "BS"), ("Glasgow", "G"), ("Norwich", "NR")],
        dialling: "+44 1632 96", legalForms: ["Ltd", "LLP", "plc"],
        streets: ["Mill Lane", "Station Road", "Harbour Street", "Church Walk"],
        firstNames: ["Alice", "Gareth", "Imogen", "Rory", "Harriet", "Owen", "Tessa", "Callum"],
        familyNames: ["Ashdown", "Birtwell", "Crosby", "Fairclough", "Hollins", "Marlow", "Pickering", "Thornley"], weight: 16)
    static let netherlands = Country(
        name: "Netherlands", cities: [("Utrecht", "35"), ("Eindhoven", "56"), ("Groningen", "97")],
        dialling: "+31 20 555", legalForms: ["B.V.", "N.V."], streets: ["Havenweg", "Molenstraat", "Stationsplein"],
        firstNames: ["Sanne", "Joris", "Femke", "Bram", "Lotte", "Daan"],
        familyNames: ["van Alphen", "Brouwer", "de Graaf", "Hoekstra", "Kuiper", "Verhagen"], weight: 10)
    static let spain = Country(
        name: "Spain", cities: [("Valencia", "46"), ("Sevilla", "41"), ("Bilbao", "48")],
        dialling: "+34 91 555", legalForms: ["S.L.", "S.A."], streets: ["Calle del Sol", "Avenida del Puerto", "Calle Mayor"],
        firstNames: ["Lucía", "Álvaro", "Marta", "Íñigo", "Pilar", "Sergio"],
        familyNames: ["Aguilera", "Bermúdez", "Carrasco", "Escudero", "Montalbán", "Zamora"], weight: 9)
    static let italy = Country(
        name: "Italy", cities: [("Torino", "10"), ("Bologna", "40"), ("Verona", "37")],
        dialling: "+39 02 5555", legalForms: ["S.r.l.", "S.p.A."], streets: ["Via Garibaldi", "Via del Porto", "Corso Italia"],
        firstNames: ["Chiara", "Matteo", "Giulia", "Davide", "Elena", "Paolo"],
        familyNames: ["Albertini", "Bonetti", "Colombara", "Ferrante", "Marchesi", "Zanetti"], weight: 8)
    static let poland = Country(
        name: "Poland", cities: [("Gdynia", "81"), ("Poznań", "60"), ("Kraków", "30")],
        dialling: "+48 22 555", legalForms: ["Sp. z o.o.", "S.A."], streets: ["ul. Lipowa", "ul. Portowa", "ul. Polna"],
        firstNames: ["Agnieszka", "Marek", "Joanna", "Tomasz", "Ewa", "Piotr"],
        familyNames: ["Borowik", "Czarnota", "Górecki", "Jasiński", "Malec", "Sobczak"], weight: 6)
    static let sweden = Country(
        name: "Sweden", cities: [("Göteborg", "41"), ("Uppsala", "75"), ("Malmö", "21")],
        dialling: "+46 8 555", legalForms: ["AB"], streets: ["Hamngatan", "Björkvägen", "Storgatan"],
        firstNames: ["Astrid", "Oskar", "Linnea", "Viktor", "Maja", "Nils"],
        familyNames: ["Bergvall", "Dahlin", "Ekström", "Hallberg", "Lindroth", "Sjögren"], weight: 5)
    static let states = Country(
        name: "United States", cities: [("Denver", "802"), ("Portland", "972"), ("Columbus", "432"), ("Raleigh", "276")],
        dialling: "+1 303 555", legalForms: ["Inc.", "LLC", "Corp."],
        streets: ["Maple Street", "Harbor Avenue", "Mill Road", "Union Street"],
        firstNames: ["Amber", "Derek", "Kendra", "Marcus", "Paige", "Wyatt"],
        familyNames: ["Abbott", "Calloway", "Dunmore", "Hatfield", "Lockhart", "Winslow"], weight: 7)
}

/// A line of business of the demo data.
struct Industry: Sendable {
    let name: String
    let words: [String]

    static let all: [Industry] = [
        Industry(name: "Manufacturing", words: ["Components", "Castings", "Machines", "Tools"]),
        Industry(name: "Logistics", words: ["Freight", "Logistics", "Transport", "Warehousing"]),
        Industry(name: "Software", words: ["Systems", "Software", "Data", "Digital"]),
        Industry(name: "Retail", words: ["Stores", "Trading", "Markets"]),
        Industry(name: "Health care", words: ["Care", "Clinics", "Medical"]),
        Industry(name: "Construction", words: ["Building", "Timber", "Concrete"]),
        Industry(name: "Energy", words: ["Energy", "Solar", "Power"]),
        Industry(name: "Food", words: ["Foods", "Bakeries", "Dairy"]),
        Industry(name: "Education", words: ["Learning", "Academy"]),
        Industry(name: "Finance", words: ["Capital", "Insurance", "Leasing"]),
    ]
}
