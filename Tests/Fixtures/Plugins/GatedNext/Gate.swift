import Glibc

/// A place where a test can have this plugin wait. The test leaves a file of the place's name in the folder that TENON_GATE
/// names; whoever comes by takes it away, says so, and waits for the file `open`, or for the end of the process.
enum Gate {
    static func pass(_ place: String) {
        guard let folder = getenv("TENON_GATE").map({ String(cString: $0) }) else { return }
        // What is tried out beforehand, in a process of its own, is not what the test waits for.
        if CommandLine.arguments.contains("try-plugins") { return }
        guard rename(folder + "/" + place, folder + "/" + place + ".reached") == 0 else { return }
        while access(folder + "/open", F_OK) != 0 { usleep(2000) }
    }
}
