import PluginAPI

/// Those who have customers in the demo data.
enum Seller {
    /// The active users with a role of sales, whoever has most of the work first; everyone where nobody has such a role.
    static func all(_ transaction: Transaction) throws -> [Reference<User>] {
        let wanted: [DefaultRole] = [.salesAgent, .accountManager, .salesManager]
        let roles = try transaction.all(Role.self)
        let users = try transaction.all(User.self, where: User.active == true).sorted { $0.id < $1.id }
        let sellers = wanted.flatMap { role in
            let ids = roles.filter { $0[Role.key] == role.rawValue }.map(\.id)
            return users.filter { $0[User.roles].ids.contains { ids.contains($0) } }
        }
        return (sellers.isEmpty ? users : sellers).map { Reference($0.id) }
    }
}
