// What a plugin in C should be: keeps to its word. Compiled by the tests.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *echo(const char *text) { return text; }
int64_t bytes_of(const char *text) { return (int64_t)strlen(text); }
bool is_missing(const char *text) { return text == NULL; }

int64_t sum(int64_t left, int64_t right) { return left + right; }
bool negate(bool flag) { return !flag; }

// All twelve places, of all kinds, in one number: shows that none is passed in another's place.
int64_t all_of(const char *a, int64_t b, bool c, const int64_t *d, int64_t e, const bool *f, int64_t g, int64_t h, const char *i,
               bool j, int64_t k, const int64_t *l) {
    return (int64_t)strlen(a) + b * 10 + c * 100 + (d ? *d : 5) * 1000 + e * 10000 + (f && *f) * 100000 + g * 1000000 +
           h * 10000000 + (i == NULL) * 100000000 + j * 1000000000LL + k * 10000000000LL + (l ? *l : 7) * 100000000000LL;
}

// A missing number is NULL, on the way in and on the way out.
const int64_t *half_of(const int64_t *number) {
    static _Thread_local int64_t half;
    if (number == NULL || *number % 2 != 0) return NULL;
    half = *number / 2;
    return &half;
}
const bool *opposite(const bool *flag) {
    static const bool yes = true, no = false;
    return flag == NULL ? NULL : *flag ? &no : &yes;
}

int64_t next_id(int64_t id) { return id == 0 ? 0 : id + 1; }
int64_t a_week_later(int64_t day) { return day + 7; }
int64_t an_hour_later(int64_t moment) { return moment + 3600000; }
// 7.5 % of an amount with two decimals, as a number with four.
int64_t fee_of(int64_t amount) { return amount * 75 / 1000 * 100; }

int64_t ratio(int64_t left, int64_t right, char *problem, size_t room) {
    if (right == 0) {
        snprintf(problem, room, "there is nothing to divide by");
        return 0;
    }
    return left * 100 / right;
}

// Texts that the kernel has to hand back.
static _Thread_local int64_t lent;
const char *doubled(const char *text) {
    size_t length = strlen(text);
    char *both = malloc(2 * length + 1);
    if (both == NULL) return NULL;
    memcpy(both, text, length);
    memcpy(both + length, text, length + 1);
    lent++;
    return both;
}
const char *doubled_or_not(const char *text, char *problem, size_t room) {
    if (*text == '!') snprintf(problem, room, "not this one");
    return doubled(text);
}
void take_back(char *text) {
    lent--;
    free(text);
}
int64_t lent_texts(void) { return lent; }

// Handlers.
int64_t weigh(const char *title, int64_t chore) { return (int64_t)strlen(title) * 10 + chore; }
void check_title(const char *title, char *problem, size_t room) {
    if (strstr(title, "later") != NULL) snprintf(problem, room, "a chore cannot end \"%s\"", title);
}
static _Thread_local int64_t told;
void tell(int64_t chore, int64_t weight, const char *note, bool fragile, int64_t at) {
    told = chore + weight * 10 + (note == NULL) * 1000 + fragile * 10000 + at * 100000;
}
int64_t was_told(void) { return told; }
void idle(int64_t chore) { (void)chore; }
