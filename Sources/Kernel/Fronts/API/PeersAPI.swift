import PluginAPI

/// `GET /api/v1/status/peers`: the servers that work on this database, and which of them answers.
struct PeersAPI: Sendable {
    let kernel: Kernel

    func respond(_ request: FrontRequest, _ caller: Caller) async throws -> FrontResponse {
        guard caller.actor.can(.managePlugins) || caller.actor.can(.seeOperations) else {
            try caller.actor.require(.seeOperations)
            throw APIFront.unknown(request)
        }
        guard request.method == "GET" else { return APIFront.wrongMethod(request, "GET") }
        let all: [Peer] = try await kernel.peers?.all() ?? []
        let held: [Int64: [String]] = try await kernel.peers?.heldLeases() ?? [:]
        let latest: Int64 = all.map(\.follows).max() ?? 0
        let own: Int64? = kernel.peers?.id
        return .json(
            JSONWriter.object { json in
                json.field("shared", kernel.peers != nil)
                json.key("data")
                json.beginArray()
                for peer in all {
                    json.beginObject()
                    json.field("id", peer.id)
                    json.field("state", peer.state.rawValue)
                    json.field("answers", peer.id == own)
                    json.field("host", peer.host)
                    json.field("address", peer.address)
                    json.field("process", peer.process)
                    json.field("version", peer.version)
                    json.field("started_at", peer.startedAt as Moment?)
                    json.field("silent_ms", peer.silence)
                    json.field("behind", max(0, latest - peer.follows))
                    json.field("has", held[peer.id]?.sorted() ?? [])
                    json.endObject()
                }
                json.endArray()
            })
    }
}
