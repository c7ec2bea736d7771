import Glibc
import PluginAPI

/// A piece of work that is done in the background, by one of four jobs.
enum Piece: Entity {
    static let label = Field<String>("label", .searchable)
    static let state = Field<String?>("state")
    static let schema = Schema("piece", label, state)
}

/// One run of such a job: which process did it, and whether it came to its end.
enum PieceRun: Entity {
    static let job = Field<String>("job")
    static let process = Field<Int>("process")
    static let ended = Field<Bool>("ended", .byDefault(false))
    static let schema = Schema("piece_run", job, process, ended)
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
            try await context.write { transaction in
                try transaction.insert(PieceVisit.self) { visit in
                    visit[PieceVisit.piece] = piece
                    visit[PieceVisit.process] = Int(getpid())
                }
            }
        }
        for lane in 0..<lanes {
            let name = "crasher.piece\(lane)"
            crm.job(name, .onDemand) { context in
                let run = try await context.write { transaction in
                    try transaction.insert(PieceRun.self) { run in
                        run[PieceRun.job] = name
                        run[PieceRun.process] = Int(getpid())
                    }.id
                }
                try await Task.sleep(for: .milliseconds(20))
                try await context.write { transaction in
                    var done = try transaction.find(PieceRun.self, run)
                    done[PieceRun.ended] = true
                    try transaction.save(done)
                }
            }
        }
    }
}
