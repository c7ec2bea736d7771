import PluginAPI

/// What a deployment is made of, as a text that can be kept, compared and applied: plugins, custom fields, settings, rights.
/// A part that the text does not have is left as it is.
struct DeploymentDocument: Sendable {
    struct Plugin: Sendable, Equatable {
        var id: String
        var version: String?
        var approved: PluginManifest.Capabilities?
    }

    struct Field: Sendable, Equatable {
        var entity: String
        var name: String
        var definition: CustomFieldDefinition
        var label: String { entity + "." + name }
    }

    static let format: Int64 = 1

    /// The plugins that are switched on; all others are off. Nil leaves them as they are.
    var plugins: [Plugin]?
    var fields: [Field]?
    /// By key; a setting that is not named has its default.
    var settings: [JSONValue.Member]?
    /// By the role's key, or its name where it has none. Roles that are not named stay.
    var roles: [(name: String, document: RoleDocument)]?

    init() {}

    /// Reads a text strictly: a key that nobody knows is named rather than passed over.
    init(_ json: JSONValue) throws {
        var problems: [Problem] = []
        guard let members = json.members else { throw CRMError(.malformed, "the deployment is not a JSON object") }
        for member in members {
            switch member.name {
            case "format":
                if member.value.int ?? 0 > Self.format { problems.append(Problem(field: "format", "is newer than \(Self.format), which this release knows")) }
            case "plugins": plugins = Self.plugins(member.value, &problems)
            case "fields": fields = Self.fields(member.value, &problems)
            case "settings":
                settings = member.value.members
                if settings == nil { problems.append(Problem(field: "settings", "is not a JSON object")) }
            case "roles": roles = Self.roles(member.value, &problems)
            default: problems.append(Problem(field: member.name, "is not a part of a deployment"))
            }
        }
        guard problems.isEmpty else { throw CRMError(.invalid, "the deployment cannot be read", problems: problems) }
    }

    private static func plugins(_ json: JSONValue, _ problems: inout [Problem]) -> [Plugin] {
        var plugins: [Plugin] = []
        for item in json.array ?? [.null] {
            guard let id = item["id"]?.text, !plugins.contains(where: { $0.id == id }) else {
                problems.append(Problem(field: "plugins", "must be a list of {\"id\": …}, each id once"))
                return plugins
            }
            let version: String? = item["version"]?.text
            if let version, PluginVersion(version) == nil { problems.append(Problem(field: "plugins.\(id)", "has no version such as 1.0")) }
            plugins.append(Plugin(id: id, version: version, approved: item["approved"].map { .init(stored: $0) }))
        }
        return plugins
    }

    private static func fields(_ json: JSONValue, _ problems: inout [Problem]) -> [Field] {
        var fields: [Field] = []
        for item in json.array ?? [.null] {
            guard let entity = item["entity"]?.text, let name = item["name"]?.text, let definition = item["definition"],
                let read = try? CustomFieldDefinition(json: definition.text())
            else {
                problems.append(Problem(field: "fields", "must be a list of {\"entity\", \"name\", \"definition\"}"))
                return fields
            }
            fields.append(Field(entity: entity, name: name, definition: read))
        }
        return fields
    }

    private static func roles(_ json: JSONValue, _ problems: inout [Problem]) -> [(String, RoleDocument)] {
        var roles: [(String, RoleDocument)] = []
        for member in json.members ?? [] {
            let text: String = member.value.text()
            problems += RoleDocument.problems(in: text).map { Problem(field: "roles.\(member.name)", $0) }
            roles.append((member.name, RoleDocument(tolerating: text)))
        }
        return roles
    }

    /// The same as a text, in an order that does not change.
    var json: JSONValue {
        var members: [JSONValue.Member] = [.init(name: "format", value: .number(String(Self.format)))]
        if let plugins {
            let items: [JSONValue] = plugins.map { plugin in
                var item: [JSONValue.Member] = [.init(name: "id", value: .string(plugin.id))]
                if let version = plugin.version { item.append(.init(name: "version", value: .string(version))) }
                if let approved = plugin.approved { item.append(.init(name: "approved", value: approved.json)) }
                return .object(item)
            }
            members.append(.init(name: "plugins", value: .array(items)))
        }
        if let fields {
            let items: [JSONValue] = fields.map { field in
                let definition: JSONValue = (try? JSONValue(parsing: Array(field.definition.json.utf8))) ?? .null
                return .fields(["entity": .string(field.entity), "name": .string(field.name), "definition": definition])
            }
            members.append(.init(name: "fields", value: .array(items)))
        }
        if let settings { members.append(.init(name: "settings", value: .object(settings))) }
        if let roles {
            let items: [JSONValue.Member] = roles.map { role in
                .init(name: role.name, value: (try? JSONValue(parsing: Array(role.document.text.utf8))) ?? .null)
            }
            members.append(.init(name: "roles", value: .object(items)))
        }
        return .object(members)
    }
}
