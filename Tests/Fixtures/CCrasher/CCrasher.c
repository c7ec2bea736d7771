#define _GNU_SOURCE
#include "CCrasher.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void crasher_abort(void) { abort(); }

void crasher_segfault(void) {
    volatile int *nowhere = (volatile int *)16;
    *nowhere = 1;
}

void crasher_wait_for_ever(void) {
    for (;;) pause();
}

void crasher_call_nowhere(void) {
    void (*volatile nowhere)(void) = NULL;
    nowhere();
    // Not a tail call: the return address has to be this function's.
    __asm__ volatile("");
}

static int deeper(volatile char *before) {
    volatile char room[4096];
    room[0] = before[0];
    return deeper(room) + room[0];
}

static void *recurse(void *unused) {
    char start[1] = {0};
    (void)unused;
    return (void *)(long)deeper(start);
}

void crasher_recurse_on_thread(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, recurse, NULL);
    pthread_join(thread, NULL);
}

int crasher_first_time(const char *path) {
    int descriptor = open(path, O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) return 0;
    close(descriptor);
    return 1;
}

void crasher_append(const char *path, const char *line) {
    int descriptor = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    if (descriptor < 0) return;
    if (write(descriptor, line, strlen(line)) < 0) abort();
    close(descriptor);
}
