import Glibc
import PluginAPI

/// A piece of work that is done in the background, by one of four jobs.
enum Piece: Entity {
    static let label = Field<String>("label", .searchable)
    static let state = Field<String?>("state")
    static let schema = Schema("piece", label, state)
}

/// One attempt of such a job: which process made it, by what key it would be known outside, and whether it came to its end.
enum PieceRun: Entity {
    static let job = Field<String>("job")
    static let process = Field<Int>("process")
    static let key = Field<String>("key", .byDefault(""))
    static let ended = Field<Bool>("ended", .byDefault(false))
    static let schema = Schema("piece_run", job, process, key, ended)
}

/// One delivery of the news that there is a piece.
enum PieceVisit: Entity {
    static let piece = Field<Int>("piece")
    static let process = Field<Int>("process")
    static let schema = Schema("piece_visit", piece, process)
}

enum Pieces {
    static let lanes = 4

    static func register(with crm: inout Registrar) {
        crm.entity(Piece.self)
        crm.entity(PieceRun.self)
        crm.entity(PieceVisit.self)
        crm.list(Piece.self, columns: [Piece.label, Piece.state])
        crm.onSave(Piece.self) { change, transaction in
            if change.isNew { try transaction.enqueue("crasher.piece\(Int(change.new.id.raw) % lanes)") }
        }
        crm.after(Piece.created) { event, context in
            let piece = Int(event.record.raw)
            try await context.finish { transaction in
                _ = try transaction.insert(PieceVisit.self) { visit in
                    visit[PieceVisit.piece] = piece
                    visit[PieceVisit.process] = Int(getpid())
                }
            }
        }
        for lane in 0..<lanes {
            let name = "crasher.piece\(lane)"
            crm.job(name, .onDemand) { context in
                let key = context.idempotencyKey ?? ""
                let run = try await context.write { transaction in
                    try transaction.insert(PieceRun.self) { run in
                        run[PieceRun.job] = name
                        run[PieceRun.process] = Int(getpid())
                        run[PieceRun.key] = key
                    }.id
                }
                try await Task.sleep(for: .milliseconds(20))
                try await context.finish { transaction in
                    var done = try transaction.find(PieceRun.self, run)
                    done[PieceRun.ended] = true
                    try transaction.save(done)
                }
            }
        }
        // The power goes while a run stores what it did, and right after it: once each, so that the product comes to an end with it.
        crm.job("crasher.dies_within", .onDemand) { context in
            try await context.finish { transaction in
                try record("crasher.dies_within", context.idempotencyKey, transaction)
                if Fault.isFirst("dies-within") { kill(getpid(), SIGKILL) }
            }
        }
        crm.job("crasher.dies_after", .onDemand) { context in
            try await context.finish { transaction in try record("crasher.dies_after", context.idempotencyKey, transaction) }
            if Fault.isFirst("dies-after") { kill(getpid(), SIGKILL) }
        }
        // The same for a listener, by what the piece is called.
        crm.after(Piece.created, name: "dies") { event, context in
            let label = try await context.read { try $0.find(Piece.self, event.record)[Piece.label] }
            guard label.hasPrefix("dies") else { return }
            try await context.finish { transaction in
                try record("listener " + label, context.idempotencyKey, transaction)
                if label == "dies within", Fault.isFirst("listener-within") { kill(getpid(), SIGKILL) }
            }
            if label == "dies after", Fault.isFirst("listener-after") { kill(getpid(), SIGKILL) }
        }
    }

    private static func record(_ job: String, _ key: String?, _ transaction: Transaction) throws {
        try transaction.insert(PieceRun.self) { run in
            run[PieceRun.job] = job
            run[PieceRun.process] = Int(getpid())
            run[PieceRun.key] = key ?? ""
            run[PieceRun.ended] = true
        }
    }
}
