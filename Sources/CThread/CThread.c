#define _GNU_SOURCE
#include "CThread.h"

#include <malloc.h>
#include <time.h>
#include <unistd.h>

static _Thread_local int32_t known;

int32_t tenon_thread_id(void) {
    if (known == 0) known = (int32_t)gettid();
    return known;
}

uint64_t tenon_monotonic_time(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void tenon_return_memory(void) { malloc_trim(0); }
