import CSodium
import Dispatch
import PluginAPI

/// Hashes passwords with argon2id. Each hash takes memory and a core for a tenth of a second or more: only two run at
/// once, on threads of their own, so that a crowd at the door slows nobody who is already in.
final class PasswordHasher: Sendable {
    /// How much one hash costs.
    struct Cost: Sendable {
        var passes: UInt64
        var bytes: Int

        /// 64 MiB, two passes.
        static let standard = Cost(passes: 2, bytes: 64 << 20)
    }

    private let cost: Cost
    private let turnstile: Turnstile
    private let queue = DispatchQueue(label: "tenon.passwords", attributes: .concurrent)
    /// A well-formed hash that no password has: checking against it costs what checking a real one costs, so that the time
    /// of an answer does not tell which addresses exist.
    let nobody: String

    init(cost: Cost = .standard, atOnce: Int = 2, lineLimit: Int = 64) {
        _ = Secrets.isReady
        self.cost = cost
        turnstile = Turnstile(places: atOnce, lineLimit: lineLimit)
        let salt = Secrets.plainBase64(Secrets.randomBytes(16))
        let digest = Secrets.plainBase64(Secrets.randomBytes(32))
        nobody = "$argon2id$v=19$m=\(cost.bytes / 1024),t=\(cost.passes),p=1$\(salt)$\(digest)"
    }

    /// The hash to store for a password, with its salt and cost in it.
    func hash(_ password: String) async throws -> String {
        let cost = cost
        return try await onThread {
            var out = [CChar](repeating: 0, count: crypto_pwhash_strbytes())
            let bytes = Array(password.utf8CString)
            let code = crypto_pwhash_str_alg(
                &out, bytes, UInt64(bytes.count - 1), cost.passes, cost.bytes, crypto_pwhash_alg_argon2id13())
            guard code == 0 else { throw CRMError(.unavailable, "there is not enough memory to check a password") }
            return String(decoding: out.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// Whether a password belongs to a stored hash. Without a hash the answer is no, after the same time.
    func verify(_ password: String, against hash: String?) async throws -> Bool {
        let stored = hash ?? nobody
        let isNobody = hash == nil
        return try await onThread {
            let bytes = Array(password.utf8CString)
            let isRight = crypto_pwhash_str_verify(stored, bytes, UInt64(bytes.count - 1)) == 0
            return isRight && !isNobody
        }
    }

    /// Whether a stored hash was made at another cost than today's.
    func needsRehash(_ hash: String) -> Bool {
        crypto_pwhash_str_needs_rehash(hash, cost.passes, cost.bytes) != 0
    }

    /// How many wait for their turn.
    var waiting: Int { turnstile.waiting }

    private func onThread<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        try await turnstile.pass {
            try await withCheckedThrowingContinuation { continuation in
                self.queue.async { continuation.resume(with: Result { try work() }) }
            }
        }
    }
}
