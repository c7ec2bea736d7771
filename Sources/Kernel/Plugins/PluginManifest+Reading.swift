import PluginAPI

extension PluginManifest {
    /// Reads `plugin.json` strictly: a key that is misspelt is named rather than passed over. All problems are told at once.
    init(json: [UInt8]) throws {
        let document = try JSONValue(parsing: json)
        guard case .object = document else {
            throw CRMError(.malformed, "plugin.json is not a JSON object", hint: Self.hint)
        }
        var reader = ManifestReader(document)
        let id: String = reader.text("id")
        if !id.isEmpty, !NameForm.isDashed(id) { reader.complain("id", "is not small letters, digits and single dashes, beginning with a letter") }
        if id == Composition.kernel { reader.complain("id", "belongs to the kernel") }
        var api = ManifestReader(reader.value("api", else: .object([])), path: "api.")
        self.init(
            id: id, name: reader.text("name"), version: reader.version("version"), apiFrom: api.version("from"),
            apiBelow: api.version("below"), summary: reader.text("summary"), licence: reader.text("licence"),
            library: reader.text("library"))
        requires = reader.names("requires")
        optional = reader.names("optional")
        if requires.contains(id) || optional.contains(id) { reader.complain("requires", "names the plugin itself") }
        for both in requires where optional.contains(both) { reader.complain("optional", "names \(both), which is required, too") }
        if library.contains("/") { reader.complain("library", "is a path; name the file only") }
        capabilities = Self.capabilities(&reader)
        if let policy = reader.optionalText("onBootFailure") {
            if let known = BootFailure(rawValue: policy) {
                onBootFailure = known
            } else {
                reader.complain("onBootFailure", "is neither \"continue\" nor \"abort\"")
            }
        }
        var problems: [Problem] = []
        let interface: JSONValue = reader.value("foreign", else: .null, isRequired: false)
        if interface != .null { foreign = ForeignInterface(interface, problems: &problems) }
        problems += foreign?.undeclared(in: capabilities) ?? []
        // What is not there has no parts either.
        let isRanged: Bool = document["api"] != nil
        problems = reader.finish() + (isRanged ? api.finish() : []) + problems
        guard problems.isEmpty else { throw CRMError(.invalid, "plugin.json cannot be used", hint: Self.hint, problems: problems) }
    }

    private static let hint = "docs/write-a-plugin shows a plugin.json with all its keys."

    private static func capabilities(_ reader: inout ManifestReader) -> Capabilities {
        var inner = ManifestReader(reader.value("capabilities", else: .object([]), isRequired: false), path: "capabilities.")
        var capabilities = Capabilities()
        capabilities.reads = inner.entities("reads")
        capabilities.writes = inner.entities("writes")
        capabilities.hosts = inner.hosts("hosts")
        capabilities.mail = inner.flag("mail")
        capabilities.files = inner.flag("files")
        if let reason = inner.optionalText("elevated") {
            capabilities.elevated = reason
            if reason.isEmpty { inner.complain("elevated", "does not say why") }
        }
        reader.problems += inner.finish()
        return capabilities
    }
}

/// Takes keys out of an object, noting what is wrong and what nobody asked for.
struct ManifestReader {
    var problems: [Problem] = []
    private let members: [JSONValue.Member]
    let path: String
    private var asked: Set<String> = []

    init(_ value: JSONValue, path: String = "") {
        self.path = path
        members = value.members ?? []
        if value.members == nil { complain("", "is not a JSON object") }
    }

    mutating func complain(_ key: String, _ message: String) {
        let name: String = key.isEmpty ? String(path.dropLast()) : path + key
        problems.append(Problem(field: name, message))
    }

    mutating func value(_ key: String, else fallback: JSONValue, isRequired: Bool = true) -> JSONValue {
        if let value = take(key) { return value }
        if isRequired { complain(key, "is missing") }
        return fallback
    }

    mutating func text(_ key: String) -> String {
        guard let value = take(key) else {
            complain(key, "is missing")
            return ""
        }
        guard case .string(let text) = value, !text.isEmpty else {
            complain(key, "is not a text")
            return ""
        }
        return text
    }

    mutating func optionalText(_ key: String) -> String? {
        guard let value = take(key) else { return nil }
        guard case .string(let text) = value else {
            complain(key, "is not a text")
            return nil
        }
        return text
    }

    mutating func version(_ key: String) -> PluginVersion {
        let text: String = text(key)
        if let version = PluginVersion(text) { return version }
        if !text.isEmpty { complain(key, "is not a version such as 1.0") }
        return PluginVersion([0])
    }

    mutating func texts(_ key: String) -> [String] {
        guard let value = take(key) else { return [] }
        var texts: [String] = []
        for item in value.array ?? [.null] {
            guard case .string(let text) = item else {
                complain(key, "is not a list of texts")
                return []
            }
            texts.append(text)
        }
        return texts
    }

    mutating func entities(_ key: String) -> [String] {
        let names: [String] = texts(key)
        for name in names where !NameForm.isSnakeCase(name) { complain(key, "names \(name), which is not an entity's name") }
        return names
    }

    /// Names of hosts, in small letters and without anything around them; a star may stand for what is below a name.
    mutating func hosts(_ key: String) -> [String] {
        let names: [String] = texts(key)
        for name in names {
            let plain: Substring = name.hasPrefix("*.") ? name.dropFirst(2) : name[...]
            let labels: [Substring] = plain.split(separator: ".", omittingEmptySubsequences: false)
            let isName: Bool = labels.allSatisfy { label in
                !label.isEmpty && label.utf8.allSatisfy { ($0 >= 97 && $0 <= 122) || ($0 >= 48 && $0 <= 57) || $0 == 45 }
            }
            if !isName { complain(key, "names \(name), which is not a host such as api.example.com") }
        }
        return names
    }

    mutating func names(_ key: String) -> [String] {
        let names: [String] = texts(key)
        for name in names where !NameForm.isDashed(name) { complain(key, "names \(name), which is not a plugin's id") }
        if Set(names).count < names.count { complain(key, "names a plugin twice") }
        return names
    }

    mutating func flag(_ key: String) -> Bool {
        guard let value = take(key) else { return false }
        if value.bool == nil { complain(key, "is neither true nor false") }
        return value.bool ?? false
    }

    private mutating func take(_ key: String) -> JSONValue? {
        asked.insert(key)
        let found: [JSONValue.Member] = members.filter { $0.name == key }
        if found.count > 1 { complain(key, "stands there twice") }
        return found.last?.value
    }

    /// All that was wrong, with the keys that nobody knows.
    func finish() -> [Problem] {
        let unknown: [String] = Set(members.map(\.name)).subtracting(asked).sorted()
        return problems + unknown.map { Problem(field: path + $0, "is not a key of plugin.json") }
    }
}
