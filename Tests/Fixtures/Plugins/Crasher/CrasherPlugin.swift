import CCrasher
import Glibc
import PluginAPI

/// A fuse: goes off when it is saved with a fault.
enum Fuse: Entity {
    static let label = Field<String>("label", .searchable)
    static let fault = Field<String?>("fault")
    static let schema = Schema("fuse", label, fault)
}

struct FuseMade: HookPayload {
    var fuse: RecordID
    var label: String
}

let fuseMade = Hook<FuseMade>("fuse_made")

/// The ways to go wrong.
enum Fault: String, CaseIterable {
    case trap, abort, segfault, hang
    case block, recurse, nowhere, thread, memory, leave

    /// Goes wrong. Once only for each place where it may be tried again by the product: a marker file remembers.
    func goOff() {
        switch self {
        case .trap:
            let numbers: [Int] = []
            print(numbers[Self.zero()])
        case .abort: crasher_abort()
        case .segfault: crasher_segfault()
        case .hang: while Self.zero() == 0 {}
        case .block: crasher_wait_for_ever()
        case .recurse: print(Self.deeper(Self.zero()))
        case .nowhere: crasher_call_nowhere()
        case .thread: crasher_recurse_on_thread()
        case .memory:
            let room = [UInt8](repeating: UInt8(Self.zero()), count: 1 << 46)
            print(room.count)
        case .leave: exit(0)
        }
    }

    /// Nothing that the compiler could know.
    @inline(never) static func zero() -> Int { Int(getenv("TENON_CRASHER_NUMBER").flatMap { String(cString: $0) } ?? "") ?? 0 }
    @inline(never) static func deeper(_ depth: Int) -> Int { depth < zero() ? 0 : deeper(depth + 1) + zero() }

    static var folder: String { getenv("TENON_CRASHER").map { String(cString: $0) } ?? "/nonexistent" }
    static func isFirst(_ name: String) -> Bool { crasher_first_time(folder + "/" + name) != 0 }
}

struct CrasherPlugin: Plugin {
    func register(with crm: inout Registrar) {
        if let fault = getenv("TENON_CRASHER_REGISTER").flatMap({ Fault(rawValue: String(cString: $0)) }) { fault.goOff() }
        crm.entity(Fuse.self)
        Pieces.register(with: &crm)
        crm.hook(fuseMade, "A fuse was made.")
        crm.onSave(Fuse.self) { change, transaction in
            if let fault = change.new[Fuse.fault].flatMap(Fault.init(rawValue:)) { fault.goOff() }
            if change.isNew {
                try transaction.emit(fuseMade, FuseMade(fuse: change.new.id, label: change.new[Fuse.label]))
            }
        }
        crm.after(fuseMade) { event, _ in
            if event.label.hasPrefix("after-"), let fault = Fault(rawValue: String(event.label.dropFirst(6))), Fault.isFirst(event.label) {
                fault.goOff()
            }
            crasher_append(Fault.folder + "/deliveries", "\(event.label)\n")
        }
        crm.route(.get, "calm", requires: .anyUser) { _, _ in .text("calm\n") }
        crm.route(.post, "now/{fault}", requires: .anyUser) { request, _ in
            Fault(rawValue: request.parameters["fault"] ?? "")?.goOff()
            return .text("nothing happened\n")
        }
        crm.route(.post, "await/{fault}", requires: .anyUser) { request, context in
            _ = try await context.read { try $0.count(Fuse.self) }
            try await Task.sleep(for: .milliseconds(5))
            Fault(rawValue: request.parameters["fault"] ?? "")?.goOff()
            return .text("nothing happened\n")
        }
        crm.route(.post, "write/{fault}", requires: .anyUser) { request, context in
            let fault = Fault(rawValue: request.parameters["fault"] ?? "")
            try await context.write { _ in fault?.goOff() }
            return .text("nothing happened\n")
        }
        crm.route(.post, "detached/{fault}", requires: .anyUser) { request, _ in
            let fault = Fault(rawValue: request.parameters["fault"] ?? "")
            Task.detached {
                try? await Task.sleep(for: .milliseconds(5))
                fault?.goOff()
            }
            return .text("wait for it\n")
        }
        crm.route(.get, "slowly", requires: .anyUser) { _, _ in
            try await Task.sleep(for: .seconds(3))
            return .text("done\n")
        }
        for fault in Fault.allCases {
            crm.job("crasher.\(fault.rawValue)", .onDemand) { _ in
                if Fault.isFirst("job-" + fault.rawValue) { fault.goOff() }
            }
        }
    }
}

@_cdecl("tenon_plugin") public func tenonPlugin() -> UnsafeMutableRawPointer { exportPlugin(CrasherPlugin()) }
