// What a plugin in C may do wrong. Compiled by the tests.
#define _GNU_SOURCE
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static char endless[3 << 20];

const char *nothing(void) { return NULL; }
const char *no_utf8(void) { return "caf\xe9"; }
const char *cut_utf8(void) { return "caf\xc3"; }
const char *surrogate(void) { return "\xed\xa0\x80"; }
const char *overlong_slash(void) { return "\xc0\xaf"; }
const char *too_long(void) {
    memset(endless, 'x', sizeof endless - 1);
    return endless;
}
const char *never_ending(void) {
    memset(endless, 'x', sizeof endless);
    return endless;
}
// What a wrong signature looks like: a number where a text is promised.
int64_t five(void) { return 5; }
int64_t wild(void) { return 0x7ffffffff000; }
int64_t unreal(void) { return (int64_t)0x8000000000000000; }
// A text that runs into the end of the memory.
const char *at_the_edge(void) {
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(page + 4096, 4096);
    memset(page, 'x', 4096);
    return page + 4000;
}
int64_t no_record(void) { return -5; }
int64_t no_day(void) { return INT64_MAX; }
// More than one bit of a bool.
uint8_t very_true(void) { return 254; }

int64_t rude_problem(char *problem, size_t room) {
    (void)room;
    strcpy(problem, "na\xefve");
    return 1;
}
// Fills its room to the last byte with letters of two bytes, and forgets the zero.
int64_t long_problem(char *problem, size_t room) {
    for (size_t i = 0; i + 1 < room; i += 2) memcpy(problem + i, "\xc3\xa9", 2);
    return 1;
}
// As `snprintf` does: the last letter is cut in the middle.
int64_t cut_problem(char *problem, size_t room) {
    problem[0] = 'x';
    for (size_t i = 1; i + 1 < room; i += 2) memcpy(problem + i, "\xe2\x82", 2);
    for (size_t i = 1; i + 3 < room; i += 3) memcpy(problem + i, "\xe2\x82\xac", 3);
    problem[room - 1] = 0;
    return 1;
}

void never_freed(char *text) { *text = 0; }

int64_t crash(int64_t number) {
    volatile int64_t *nowhere = (volatile int64_t *)(uintptr_t)(number & 7);
    *nowhere = number;
    return number;
}
int64_t crash_in_libc(int64_t number) { return (int64_t)strlen((const char *)(uintptr_t)(number & 7)) + 1; }
void stop_here(int64_t number) {
    (void)number;
    abort();
}
