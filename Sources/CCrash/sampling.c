#define _GNU_SOURCE
#include "CCrash.h"

#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// One thread is asked at a time: it answers into `taken`, and says so with the number of the question.

static void *taken[TENON_FRAMES];
static atomic_int taken_count;
static atomic_int question, answered;
static atomic_int asked_thread;

static void interrupted(int number) {
    (void)number;
    int kept = errno;
    int current = atomic_load(&question);
    if (atomic_load(&asked_thread) == (int)syscall(SYS_gettid) && atomic_load(&answered) != current) {
        int count = backtrace(taken, TENON_FRAMES);
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
    action.sa_handler = interrupted;
    action.sa_flags = SA_RESTART | SA_ONSTACK;
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
            // The first two frames are the handler's own and the kernel's way into it.
            int count = atomic_load(&taken_count) - 2;
            if (count < 0) count = 0;
            if (count > room) count = room;
            for (int place = 0; place < count; place++) frames[place] = (uintptr_t)taken[place + 2];
            atomic_store(&asked_thread, 0);
            return count;
        }
        struct timespec pause = {0, 100 * 1000};
        nanosleep(&pause, NULL);
    }
    atomic_store(&asked_thread, 0);
    return 0;
}
