import PluginAPI
import Synchronization

/// Opens the store within this process: for a data directory that no server holds.
final class LocalKernel: APITransport {
    private let kernel: Kernel
    /// Held for as long as the store is open.
    private let lock: DataDirectoryLock
    private let report: CrashReport.Place
    private let state = Mutex(State())

    private struct State {
        var hasChanged = false
        var hasQueuedJobs = false
        var hasRecovered = false
    }

    init(_ directory: String, lock: DataDirectoryLock) async throws {
        report = CrashReport.Place(dataDirectory: directory)
        kernel = try await Deployment(directory: directory).open()
        self.lock = lock
    }

    func send(_ request: APIRequest, sink: (@Sendable ([UInt8]) throws -> Void)?) async throws -> APIResponse {
        let part = request.path.dropFirst(2).first
        if part == "imports" { try await recover() }
        let answer = await kernel.front.respond(FrontRequest(local: request))
        if request.method != "GET", (200..<300).contains(answer.status) {
            state.withLock {
                $0.hasChanged = true
                if part == "jobs" { $0.hasQueuedJobs = true }
            }
        }
        return try await APIResponse(answer, sink: sink)
    }

    /// An import that is under way although this process has just begun was cut short.
    private func recover() async throws {
        let isFirst = state.withLock { state in
            defer { state.hasRecovered = true }
            return !state.hasRecovered
        }
        if isFirst { try await kernel.imports.recover(rights: kernel.rights) }
    }

    /// Brings what was sent to its listeners, and runs the job that was asked for, since no server is there to do it.
    /// Schedules are left to the server.
    func settle() async {
        let done = state.withLock { state in
            defer { (state.hasChanged, state.hasQueuedJobs) = (false, false) }
            return state
        }
        if done.hasChanged { try? await kernel.deliveries.deliverDue() }
        if done.hasQueuedJobs { try? await kernel.jobs.runDue() }
    }

    func close() async {
        await settle()
        try? await kernel.stop()
        report.close()
    }
}

extension FrontRequest {
    init(local request: APIRequest) {
        self.init(method: request.method, path: request.path)
        query = request.query.map { QueryItem(name: $0.name, value: $0.value) }
        headers = request.headers
        body = request.body
        isLocal = true
    }
}

extension APIResponse {
    init(_ answer: FrontResponse, sink: (@Sendable ([UInt8]) throws -> Void)?) async throws {
        self.init(status: answer.status)
        for (name, value) in answer.headers { headers[name.lowercased()] = value }
        let sink = isSuccess ? sink : nil
        switch answer.body {
        case .bytes, .pieces:
            let bytes: [UInt8] = answer.body.bytes ?? []
            if let sink { try sink(bytes) } else { body = bytes }
        case .stream(let pieces):
            for await piece in pieces {
                if let sink { try sink(piece) } else { body += piece }
            }
        }
    }
}
