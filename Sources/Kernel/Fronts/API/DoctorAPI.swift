import PluginAPI

/// `GET /api/v1/doctor`: whether the deployment is well, check by check. `POST` makes anew what follows from other things and is
/// not as it should be, and looks again.
struct DoctorAPI: Sendable {
    let kernel: Kernel

    func respond(_ request: FrontRequest, _ caller: Caller, _ rest: ArraySlice<String>) async throws -> FrontResponse {
        guard rest.isEmpty else { throw APIFront.unknown(request) }
        switch request.method {
        case "GET":
            try caller.actor.require(.seeOperations)
            return Self.answer(try await findings())
        case "POST":
            try caller.actor.require(.seeOperations)
            try BackupAPI.require(caller.actor, "mend the database")
            let done: [String] = try await mend(try await findings(), caller.actor)
            return Self.answer(try await findings(), mended: done)
        default: return APIFront.wrongMethod(request, "GET, POST")
        }
    }

    private func findings() async throws -> [Finding] {
        try await Checkup(
            engine: kernel.store.engine, registry: kernel.store.registry, rights: kernel.rights, now: kernel.clock.now,
            dataDirectory: kernel.options.dataDirectory
        ).findings()
    }

    private func mend(_ findings: [Finding], _ actor: Actor) async throws -> [String] {
        let derived = DerivedTables(store: kernel.store, rights: kernel.rights)
        var done: [String] = []
        for mend in findings.flatMap(\.mends) {
            switch mend {
            case .search(let table): try await derived.search(of: table)
            case .figures(let entity): try await derived.figures(of: entity)
            case .matchKeys(let entity): try await derived.matchKeys(of: entity, kernel.duplicates)
            case .numbers(let table, let number): try await derived.numbers(of: table, after: number)
            case .leftovers:
                let files = LeftoverFiles(dataDirectory: kernel.options.dataDirectory)
                done += try await files.putAway(kernel.store.engine, all: true)
                continue
            }
            done.append(mend.words)
        }
        if !done.isEmpty { try await note(done, actor) }
        return done
    }

    private func note(_ done: [String], _ actor: Actor) async throws {
        let now: Moment = kernel.clock.now
        let json: [UInt8] = JSONWriter.object { json in
            json.key("mended")
            json.beginArray()
            json.null()
            json.string(done.joined(separator: "; "))
            json.endArray()
        }
        _ = try await kernel.store.engine.write { connection in
            try connection.execute(
                "INSERT INTO tenon_audit (entity, record, version, at, user_id, via, action, changes) VALUES ('doctor', 0, 0, ?, ?, ?, 'mended', ?)",
                [
                    .integer(now.milliseconds), actor.userID.map(SQLValue.integer) ?? .null, .text(actor.via),
                    .text(String(decoding: json, as: UTF8.self)),
                ])
        }
    }

    private static func answer(_ findings: [Finding], mended: [String]? = nil) -> FrontResponse {
        .json(
            JSONWriter.object { json in
                json.key("data")
                json.beginArray()
                for finding in findings {
                    json.beginObject()
                    json.field("check", finding.check)
                    json.field("state", finding.state.rawValue)
                    json.field("message", finding.message)
                    json.field("hint", finding.hint)
                    json.field("fixable", !finding.mends.isEmpty)
                    json.endObject()
                }
                json.endArray()
                if let mended { json.field("mended", mended) }
            })
    }
}
