#define _GNU_SOURCE
#include "CCrash.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "threads.h"

static pid_t own_thread(void) { return (pid_t)syscall(SYS_gettid); }

// MARK: Plugins by path

enum { PLUGINS = 512, PATH_ROOM = 1024 };

typedef struct {
    char id[128];
    char version[64];
    char path[PATH_ROOM];
} plugin_entry;

static plugin_entry plugins[PLUGINS];
static atomic_int plugin_count;
static pthread_mutex_t plugin_lock = PTHREAD_MUTEX_INITIALIZER;

static void copy_text(char *to, const char *from, size_t room) {
    size_t length = strnlen(from, room - 1);
    memcpy(to, from, length);
    to[length] = 0;
}

int tenon_crash_note_plugin(const char *id, const char *version, const char *path) {
    pthread_mutex_lock(&plugin_lock);
    int count = atomic_load(&plugin_count);
    int place = 0;
    while (place < count && strcmp(plugins[place].path, path) != 0) place++;
    int fits = place < PLUGINS && strlen(path) < PATH_ROOM;
    if (fits && place == count) {
        copy_text(plugins[place].id, id, sizeof plugins[place].id);
        copy_text(plugins[place].version, version, sizeof plugins[place].version);
        copy_text(plugins[place].path, path, PATH_ROOM);
        // The entry is whole before a handler can see it.
        atomic_store_explicit(&plugin_count, count + 1, memory_order_release);
    }
    pthread_mutex_unlock(&plugin_lock);
    return fits;
}

const char *tenon_crash_plugin_id(int plugin) {
    return plugin >= 0 && plugin < atomic_load_explicit(&plugin_count, memory_order_acquire) ? plugins[plugin].id : "";
}

int tenon_crash_plugin_number(const char *id) {
    for (int place = atomic_load_explicit(&plugin_count, memory_order_acquire) - 1; place >= 0; place--) {
        if (strcmp(plugins[place].id, id) == 0) return place;
    }
    return -1;
}

// `_dl_find_object` reads without locks and may be called from handlers; it knows a library before its constructors run.
static struct link_map *map_of(uintptr_t address) {
    struct dl_find_object found;
    if (_dl_find_object((void *)address, &found) != 0) return NULL;
    return found.dlfo_link_map;
}

tenon_owner tenon_crash_owner(uintptr_t address) {
    tenon_owner owner = {TENON_OWNER_NOBODY, -1};
    struct link_map *map = map_of(address);
    if (!map) return owner;
    const char *name = map->l_name;
    if (!name || !name[0]) {
        owner.owner = TENON_OWNER_KERNEL;
        return owner;
    }
    owner.owner = TENON_OWNER_OTHER;
    int count = atomic_load_explicit(&plugin_count, memory_order_acquire);
    for (int place = 0; place < count; place++) {
        if (strcmp(plugins[place].path, name) == 0) {
            owner.owner = TENON_OWNER_PLUGIN;
            owner.plugin = place;
        }
    }
    return owner;
}

// MARK: Writing without allocating

static void put(int descriptor, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t written = write(descriptor, bytes, count);
        if (written < 0) {
            if (errno == EINTR) continue;
            return;
        }
        bytes += written;
        count -= (size_t)written;
    }
}

static void put_text(int descriptor, const char *text) { put(descriptor, text, strlen(text)); }

static void put_number(int descriptor, int64_t number) {
    char digits[24];
    int place = sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[--place] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0) digits[--place] = '-';
    put(descriptor, digits + place, sizeof digits - (size_t)place);
}

static void put_hex(int descriptor, uint64_t number) {
    char digits[18];
    int place = sizeof digits;
    do {
        digits[--place] = "0123456789abcdef"[number & 15];
        number >>= 4;
    } while (number > 0);
    digits[--place] = 'x';
    digits[--place] = '0';
    put(descriptor, digits + place, sizeof digits - (size_t)place);
}

// MARK: Calls

enum { SITES = 1 << 15 };
static _Atomic(const char *) sites[SITES];

void tenon_crash_note_site(uint32_t number, const char *words) {
    if (number < SITES) atomic_store(&sites[number], strdup(words));
}

void tenon_crash_call(int descriptor, uint32_t site, int32_t thread, uint64_t began) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const char *words = site < SITES ? atomic_load(&sites[site]) : NULL;
    put_text(descriptor, "call ");
    put_number(descriptor, thread);
    put_text(descriptor, " ");
    put_number(descriptor, ((int64_t)now.tv_sec * 1000000000 + now.tv_nsec - (int64_t)began) / 1000000);
    put_text(descriptor, " ");
    put_text(descriptor, words ? words : "?");
    put_text(descriptor, "\n");
}

// MARK: The report

static atomic_int report_descriptor = -1;
static _Atomic(void (*)(int)) calls_list;

void tenon_crash_note_calls(void (*list)(int descriptor)) { atomic_store(&calls_list, list); }

static const char *signal_name(int number) {
    switch (number) {
    case SIGSEGV: return "SIGSEGV";
    case SIGBUS: return "SIGBUS";
    case SIGILL: return "SIGILL";
    case SIGTRAP: return "SIGTRAP";
    case SIGABRT: return "SIGABRT";
    case SIGFPE: return "SIGFPE";
    default: return "signal";
    }
}

/// The innermost frame that is the executable's or a plugin's.
static tenon_owner decisive(const uintptr_t *frames, int count) {
    for (int place = 0; place < count; place++) {
        // A return address may already be the next function's first byte.
        tenon_owner owner = tenon_crash_owner(place == 0 ? frames[place] : frames[place] - 1);
        if (owner.owner == TENON_OWNER_PLUGIN || owner.owner == TENON_OWNER_KERNEL) return owner;
    }
    return (tenon_owner){TENON_OWNER_NOBODY, -1};
}

static void write_report(int out, const char *kind, const char *what, int plugin, uintptr_t address, const uintptr_t *frames, int count) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    put_text(out, "tenon-report 1\ntime ");
    put_number(out, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    put_text(out, "\nkind ");
    put_text(out, kind);
    put_text(out, "\nwhat ");
    put_text(out, what);
    put_text(out, "\nprocess ");
    put_number(out, getpid());
    put_text(out, "\nthread ");
    put_number(out, own_thread());
    put_text(out, "\naddress ");
    put_hex(out, address);
    if (plugin >= 0) {
        put_text(out, "\nplugin ");
        put_text(out, plugins[plugin].id);
        put_text(out, "\nversion ");
        put_text(out, plugins[plugin].version);
    }
    put_text(out, "\n");
    for (int place = 0; place < count; place++) {
        struct link_map *map = map_of(place == 0 ? frames[place] : frames[place] - 1);
        tenon_owner owner = tenon_crash_owner(place == 0 ? frames[place] : frames[place] - 1);
        put_text(out, "frame ");
        put_text(out, owner.owner == TENON_OWNER_PLUGIN ? "plugin " : owner.owner == TENON_OWNER_KERNEL ? "kernel " : "other ");
        put_hex(out, frames[place] - (map ? map->l_addr : 0));
        put_text(out, " ");
        put_text(out, map && map->l_name ? map->l_name : map ? "" : "?");
        put_text(out, "\n");
    }
    void (*list)(int) = atomic_load(&calls_list);
    if (list) list(out);
    put_text(out, "end\n");
}

// MARK: Unwinding

static sigjmp_buf unwind_failed;
static volatile sig_atomic_t is_unwinding;

#if defined(__x86_64__)
static uintptr_t context_pc(const ucontext_t *c) { return (uintptr_t)c->uc_mcontext.gregs[REG_RIP]; }
static uintptr_t context_frame(const ucontext_t *c) { return (uintptr_t)c->uc_mcontext.gregs[REG_RBP]; }
static uintptr_t context_stack(const ucontext_t *c) { return (uintptr_t)c->uc_mcontext.gregs[REG_RSP]; }
static uintptr_t context_return(const ucontext_t *c) { return *(uintptr_t *)context_stack(c); }
#elif defined(__aarch64__)
static uintptr_t context_pc(const ucontext_t *c) { return (uintptr_t)c->uc_mcontext.pc; }
static uintptr_t context_frame(const ucontext_t *c) { return (uintptr_t)c->uc_mcontext.regs[29]; }
static uintptr_t context_stack(const ucontext_t *c) { return (uintptr_t)c->uc_mcontext.sp; }
static uintptr_t context_return(const ucontext_t *c) { return (uintptr_t)c->uc_mcontext.regs[30]; }
#else
#error "the registers of this architecture are not known"
#endif

/// By the tables that the compiler leaves: right for Swift and C alike. The handler's own frames are left out.
static int unwind_by_tables(const ucontext_t *context, uintptr_t *frames, int room) {
    void *raw[TENON_FRAMES + 16];
    int count = backtrace(raw, TENON_FRAMES + 16);
    uintptr_t pc = context_pc(context);
    for (int place = 0; place < count; place++) {
        if ((uintptr_t)raw[place] != pc) continue;
        int found = 0;
        for (; place < count && found < room; place++) frames[found++] = (uintptr_t)raw[place];
        return found;
    }
    return 0;
}

/// By the chain of frame pointers, for a jump to nowhere, where there are no tables to begin with.
static int unwind_by_frames(const ucontext_t *context, uintptr_t *frames, int room) {
    int count = 0;
    uintptr_t low = context_stack(context), high = low + 64 * 1024 * 1024;
    frames[count++] = context_pc(context);
    if (!map_of(context_pc(context))) frames[count++] = context_return(context);
    uintptr_t frame = context_frame(context);
    while (count < room && frame >= low && frame < high && frame % sizeof(uintptr_t) == 0) {
        uintptr_t next = ((uintptr_t *)frame)[0], back = ((uintptr_t *)frame)[1];
        if (back == 0) break;
        frames[count++] = back;
        if (next <= frame) break;
        frame = next;
    }
    return count;
}

static int unwind(const ucontext_t *context, uintptr_t *frames, int room) {
    // Kept in memory: it must have its value after a jump back.
    volatile int count = 0;
    is_unwinding = 1;
    if (sigsetjmp(unwind_failed, 1) == 0) count = unwind_by_tables(context, frames, room);
    if (decisive(frames, count).owner == TENON_OWNER_NOBODY) {
        is_unwinding = 1;
        if (sigsetjmp(unwind_failed, 1) == 0) count = unwind_by_frames(context, frames, room);
    }
    is_unwinding = 0;
    if (count == 0) frames[count++] = context_pc(context);
    return count;
}

// MARK: The handler

static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE};
static atomic_int reporting_thread;

static void end_as(int number) {
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigaction(number, &usual, NULL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    syscall(SYS_tgkill, getpid(), own_thread(), number);
    _exit(128 + number);
}

static void crashed(int number, siginfo_t *info, void *raw) {
    int nobody = 0, self = (int)own_thread();
    if (!atomic_compare_exchange_strong(&reporting_thread, &nobody, self)) {
        if (nobody == self) {
            // The unwinding met broken memory: without it then.
            if (is_unwinding) {
                is_unwinding = 0;
                siglongjmp(unwind_failed, 1);
            }
            end_as(number);
        }
        // Another thread is at it already and will end the process.
        for (;;) pause();
    }
    static uintptr_t frames[TENON_FRAMES];
    const ucontext_t *context = raw;
    int count = unwind(context, frames, TENON_FRAMES);
    tenon_owner owner = decisive(frames, count);
    int plugin = owner.owner == TENON_OWNER_PLUGIN ? owner.plugin : -1;
    int out = atomic_load(&report_descriptor);
    if (out >= 0) write_report(out, "crash", signal_name(number), plugin, (uintptr_t)info->si_addr, frames, count);
    put_text(STDERR_FILENO, "tenon: crashed with ");
    put_text(STDERR_FILENO, signal_name(number));
    if (plugin >= 0) {
        put_text(STDERR_FILENO, " in the plugin ");
        put_text(STDERR_FILENO, plugins[plugin].id);
        put_text(STDERR_FILENO, "\n");
    } else {
        put_text(STDERR_FILENO, owner.owner == TENON_OWNER_KERNEL ? " in the kernel\n" : "\n");
    }
    end_as(number);
}

void tenon_crash_install(int report) {
    static atomic_int is_installed;
    atomic_store(&report_descriptor, report);
    if (atomic_exchange(&is_installed, 1)) return;
    // The first call loads the unwinder, which must not happen in a handler.
    void *warm[4];
    backtrace(warm, 4);
    map_of((uintptr_t)&tenon_crash_install);
    tenon_threads_prepare();
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = crashed;
    // Not blocked while it runs: a fault within the unwinding comes back here instead of ending the process without a word.
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    for (size_t place = 0; place < sizeof crash_signals / sizeof *crash_signals; place++) sigaction(crash_signals[place], &action, NULL);
}

void tenon_hang_report(int report, const char *why, int plugin, const uintptr_t *frames, int count) {
    if (report >= 0) write_report(report, "hang", why, plugin, 0, frames, count);
}

void tenon_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

// MARK: Signals of the supervisor

static int signal_pipe[2] = {-1, -1};

static void signalled(int number) {
    int kept = errno;
    unsigned char byte = (unsigned char)number;
    ssize_t ignored = write(signal_pipe[1], &byte, 1);
    (void)ignored;
    errno = kept;
}

int tenon_signals_pipe(void) {
    if (signal_pipe[0] >= 0) return signal_pipe[0];
    if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0) return -1;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = signalled;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    const int handled[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
    for (size_t place = 0; place < sizeof handled / sizeof *handled; place++) sigaction(handled[place], &action, NULL);
    return signal_pipe[0];
}

int tenon_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); }
