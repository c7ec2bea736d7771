import PluginAPI

/// What plugins need to read what came from outside.
extension StoreTransaction {
    func hmacSHA256(key: [UInt8], _ bytes: [UInt8]) throws -> [UInt8] { Secrets.hmac(bytes, key: key) }
    func randomBytes(_ count: Int) throws -> [UInt8] { try Secrets.bytes(count) }

    func fields(of entity: String) throws -> [FieldDescription] {
        try registry.require(entity).storedFields.filter { actor.mask($0.name, of: entity) != .hidden }.map(\.description)
    }

    func value(of text: String, for field: String, of entity: String) throws -> Value {
        let model = try registry.require(entity)
        guard let known = model.field(field), known.isStored, actor.mask(field, of: entity) != .hidden else {
            let problem = Problem(field: field, "is not a field of \(model.pluralTitle.lowercased())")
            throw CRMError(.invalid, "\(field) \(problem.message)", problems: [problem])
        }
        return known.normalized(try RecordInput(transaction: self).value(known, text: text))
    }
}
