import PluginAPI

/// All that the plugin brings, from top to bottom.
struct AcmeLoyaltyPlugin: Plugin {
    func register(with crm: inout Registrar) {
        // What is kept
        crm.entity(Entry.self)

        // How it is shown
        crm.list(
            Entry.self, columns: [Entry.name, Entry.due, Entry.owner, Entry.state], filters: [Entry.state, Entry.owner],
            sort: .ascending(Entry.due))
        crm.view(Entry.self, "Open", where: Entry.state == .open)

        // What must hold
        crm.validate(Entry.self) { Entry.problems($0) }

        // What can be done, and what follows
        crm.action(FinishEntry.self)
        crm.hook(entryFinished, "An acme loyalty entry is finished.")
        crm.after(entryFinished) { finished, context in
            try await context.finish { transaction in
                let entry = try transaction.find(Entry.self, finished.entry)
                guard let owner = entry[Entry.owner] else { return }
                try transaction.notify(owner, "\(entry[Entry.name]) is finished", about: entry)
            }
        }

        // What is counted
        crm.metric("acme-loyalty.open", "Open acme loyalty entries", over: Entry.self, .count, where: Entry.state == .open)

        // Who may do what at first
        crm.grant(.salesAgent, Entry.self, .view(.team), .create, .edit(.own), .delete(.own), .action("finish", .own))
        crm.grant([.salesManager, .management], Entry.self, Grant.everything + [.action("finish")])
    }
}

@_cdecl("tenon_plugin") public func tenonPlugin() -> UnsafeMutableRawPointer { exportPlugin(AcmeLoyaltyPlugin()) }
