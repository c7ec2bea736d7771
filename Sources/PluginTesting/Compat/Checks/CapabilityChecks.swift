/// What the plugin asked for beyond its own records, while all that it does was done. After the checks that have it do so.
enum CapabilityChecks {
    static let all: [CompatCheck] = [
        CompatCheck("nothing-refused", "It uses no capability that it has not declared, and sends no hook that is not its own: nothing was refused to it.") { bench in
            try await bench.host.settle()
            return try await bench.host.read("plugins/\(bench.plugin.id)/uses")["data"].items.filter { $0["refused"].bool == true }.map { use in
                "it was refused to \(use["words"].text), \(use["count"].int ?? 0) times"
            }
        }
    ]
}
