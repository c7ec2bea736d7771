import CCrash

#if canImport(Glibc)
import Glibc
#endif

extension CrashReport {
    /// Where this process reports its own crash. A process that cannot write one says what happened on standard error alone.
    struct Place: Sendable {
        private let file: ReportFolder.Open?

        /// A file of its own, for a process that nobody supervises.
        init(dataDirectory: String) {
            file = try? ReportFolder(dataDirectory: dataDirectory).open()
            Self.install(file?.descriptor ?? -1)
        }

        /// The file that the supervisor has opened.
        init(descriptor: Int32) {
            file = nil
            Self.install(descriptor)
        }

        private static func install(_ descriptor: Int32) {
            // Made now: a handler must not be the first to ask for them.
            _ = CallSlots.shared
            tenon_crash_note_calls { out in
                CallSlots.shared.forEachRaw { site, thread, began in tenon_crash_call(out, site, thread, began) }
            }
            tenon_crash_install(descriptor)
        }

        /// Writes down why this worker hangs, and ends it at once: whatever hangs would not let it end gracefully.
        static func endHanging(_ hang: Watchdog.Hang) {
            tenon_hang_report(WorkerDescriptor.report, hang.why, hang.plugin, hang.frames, Int32(hang.frames.count))
            _exit(WorkerExit.hang)
        }

        /// To be called when the process ends as it should.
        func close() {
            guard let file else { return }
            tenon_crash_install(-1)
            file.close()
        }
    }
}
