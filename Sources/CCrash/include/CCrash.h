#ifndef TENON_CCRASH_H
#define TENON_CCRASH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// What happens in a process that crashes, and looking at threads that hang. Everything that runs in a signal handler is
// here and not in Swift: a handler must not allocate, lock or meet the Swift runtime.

/// The most frames that a report holds.
enum { TENON_FRAMES = 96 };

/// Installs the handler for the signals of a crash, with the report to be written to this descriptor (or -1 for none: a line
/// on standard error only). To be called once, early; later calls change the descriptor.
void tenon_crash_install(int report);

/// Makes a plugin known by the path that its library is about to be loaded from: an address within that library counts as
/// the plugin's, also while its constructors run. Returns 0 when there is no room left.
int tenon_crash_note_plugin(const char *id, const char *version, const char *path);

/// Gives a number that stands in the slots of running calls its words. They are kept for ever.
void tenon_crash_note_site(uint32_t number, const char *words);

/// Has the calls that are under way added to reports. `list` runs in the handler: it calls `tenon_crash_call` for each, and must
/// neither allocate nor lock.
void tenon_crash_note_calls(void (*list)(int descriptor));
void tenon_crash_call(int descriptor, uint32_t site, int32_t thread, uint64_t began);

/// Whom an address belongs to.
enum {
    TENON_OWNER_NOBODY = 0,   // no library at all
    TENON_OWNER_OTHER = 1,    // libc, the Swift runtime, libPluginAPI and other libraries: whoever called them decides
    TENON_OWNER_KERNEL = 2,   // the executable
    TENON_OWNER_PLUGIN = 3,   // a plugin's library; its number is in `plugin`
};

typedef struct {
    int owner;
    int plugin;
} tenon_owner;

tenon_owner tenon_crash_owner(uintptr_t address);
/// The id of a plugin by the number in `tenon_owner`.
const char *tenon_crash_plugin_id(int plugin);
/// The number of a plugin, the one that was loaded last; -1 when it was never loaded.
int tenon_crash_plugin_number(const char *id);

/// What a thread is doing right now: its frames, the innermost first. Interrupts it with a signal; 0 when it did not answer
/// in time. One caller at a time.
int tenon_sample_thread(pid_t thread, uintptr_t *frames, int room, int milliseconds);

/// Writes a report of a worker that hangs, in the same form as that of a crash. `plugin` is a number, or -1 for none.
void tenon_hang_report(int report, const char *why, int plugin, const uintptr_t *frames, int count);

/// Whether the calling thread has a stack of its own for handlers.
int tenon_has_signal_stack(void);

/// The function in a file that an address of it (as in the file) lies in; 0 when none is known.
int tenon_symbol(const char *path, uint64_t address, char *name, size_t room, uint64_t *offset);

/// Handles SIGTERM, SIGINT, SIGHUP and SIGCHLD by writing their numbers, a byte each, to a pipe; gives the end to read from.
int tenon_signals_pipe(void);

/// Takes a connection that does not block and that no child inherits.
int tenon_accept(int listener);

/// Names the calling thread for whoever looks at the process, in 15 bytes at most.
void tenon_name_thread(const char *name);

#endif
