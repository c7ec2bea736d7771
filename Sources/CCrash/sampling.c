#define _GNU_SOURCE
#include "CCrash.h"

#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

// One thread is asked at a time: it answers into `taken`, and says so with the number of the question.

static void *taken[TENON_FRAMES], *raw[TENON_FRAMES + 2];
static atomic_int taken_count;
static atomic_int question, answered;
static atomic_int asked_thread;

// Some functions of the runtime cannot be unwound by tables at every instruction; the chain of frame pointers leads out of
// them. It is read through the kernel, which refuses what is not there instead of ending the process.
static int by_frames(const ucontext_t *context, void **frames, int room) {
#if defined(__x86_64__)
    uintptr_t pc = (uintptr_t)context->uc_mcontext.gregs[REG_RIP], frame = (uintptr_t)context->uc_mcontext.gregs[REG_RBP];
#elif defined(__aarch64__)
    uintptr_t pc = (uintptr_t)context->uc_mcontext.pc, frame = (uintptr_t)context->uc_mcontext.regs[29];
#endif
    int count = 0;
    frames[count++] = (void *)pc;
    while (count < room && frame != 0 && frame % sizeof(uintptr_t) == 0) {
        uintptr_t pair[2];
        struct iovec here = {pair, sizeof pair}, there = {(void *)frame, sizeof pair};
        if (process_vm_readv(getpid(), &here, 1, &there, 1, 0) != (ssize_t)sizeof pair || pair[1] == 0) break;
        frames[count++] = (void *)pair[1];
        if (pair[0] <= frame) break;
        frame = pair[0];
    }
    return count;
}

static int leads_somewhere(void **frames, int count) {
    for (int place = 0; place < count; place++) {
        int owner = tenon_crash_owner((uintptr_t)frames[place]).owner;
        if (owner == TENON_OWNER_PLUGIN || owner == TENON_OWNER_KERNEL) return 1;
    }
    return 0;
}

static void interrupted(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)info;
    int kept = errno;
    int current = atomic_load(&question);
    if (atomic_load(&asked_thread) == (int)syscall(SYS_gettid) && atomic_load(&answered) != current) {
        // The first two frames are this function's and the kernel's way into it.
        int count = backtrace(raw, TENON_FRAMES + 2) - 2;
        if (count > 0) memcpy(taken, raw + 2, (size_t)count * sizeof *raw);
        if (count <= 0 || !leads_somewhere(taken, count)) count = by_frames(context, taken, TENON_FRAMES);
        atomic_store(&taken_count, count);
        atomic_store(&answered, current);
    }
    errno = kept;
}

// Dispatch blocks nearly all signals on its threads, and leaves this one, which is meant for looking at them.
static int sampling_signal(void) { return SIGPROF; }

static void prepare(void) {
    void *warm[4];
    backtrace(warm, 4);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = interrupted;
    action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(sampling_signal(), &action, NULL);
}

int tenon_sample_thread(pid_t thread, uintptr_t *frames, int room, int milliseconds) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare);
    int current = atomic_fetch_add(&question, 1) + 1;
    atomic_store(&asked_thread, (int)thread);
    if (syscall(SYS_tgkill, getpid(), thread, sampling_signal()) != 0) return 0;
    for (int waited = 0; waited < milliseconds * 10; waited++) {
        if (atomic_load(&answered) == current) {
            int count = atomic_load(&taken_count);
            if (count > room) count = room;
            for (int place = 0; place < count; place++) frames[place] = (uintptr_t)taken[place];
            atomic_store(&asked_thread, 0);
            return count;
        }
        struct timespec pause = {0, 100 * 1000};
        nanosleep(&pause, NULL);
    }
    atomic_store(&asked_thread, 0);
    return 0;
}
