import PluginTesting

#if canImport(Glibc)
import Glibc
#endif

// tenon-compat FOLDER LIBRARY [--keep-release]
let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 2 else {
    print("usage: tenon-compat FOLDER LIBRARY [--keep-release]")
    exit(64)
}
do {
    let plugin = try PluginPackage(folder: arguments[0], library: arguments[1])
    let test = PluginCompatTest(plugin)
    if arguments.contains("--keep-release") {
        print("kept the data of \(plugin.id) \(plugin.manifest["version"].text) in \(try await test.keepRelease())")
    } else {
        let report = try await test.report()
        print(report)
        if !report.isClean { exit(1) }
    }
} catch {
    print("error: \(error)")
    exit(1)
}
