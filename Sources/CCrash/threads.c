#define _GNU_SOURCE
#include "CCrash.h"
#include "threads.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

// A thread that has run out of stack cannot run a handler on it: every thread needs a second stack. Threads are made by the
// event loops, by Dispatch and by the Swift pool, none of which asks us; so `pthread_create` is defined here, in the
// executable, and stands before that of libc for every library of the process.

enum { STACK_ROOM = 128 * 1024, GUARD = 16 * 1024 };

static pthread_key_t stack_key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void drop_stack(void *memory) {
    stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, NULL);
    munmap(memory, STACK_ROOM + GUARD);
}

static void make_key(void) { pthread_key_create(&stack_key, drop_stack); }

static void give_stack(void) {
    pthread_once(&key_once, make_key);
    if (pthread_getspecific(stack_key)) return;
    char *memory = mmap(NULL, STACK_ROOM + GUARD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return;
    mprotect(memory, GUARD, PROT_NONE);
    stack_t stack = {.ss_sp = memory + GUARD, .ss_size = STACK_ROOM};
    if (sigaltstack(&stack, NULL) != 0) {
        munmap(memory, STACK_ROOM + GUARD);
        return;
    }
    pthread_setspecific(stack_key, memory);
}

void tenon_threads_prepare(void) { give_stack(); }

int tenon_has_signal_stack(void) {
    stack_t present;
    return sigaltstack(NULL, &present) == 0 && !(present.ss_flags & SS_DISABLE);
}

typedef struct {
    void *(*body)(void *);
    void *argument;
} beginning;

static void *begin(void *raw) {
    beginning own = *(beginning *)raw;
    free(raw);
    give_stack();
    return own.body(own.argument);
}

typedef int (*create_function)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

__attribute__((visibility("default"))) int pthread_create(
    pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument) {
    static _Atomic(create_function) real;
    create_function create = atomic_load(&real);
    if (!create) {
        create = (create_function)dlsym(RTLD_NEXT, "pthread_create");
        atomic_store(&real, create);
    }
    beginning *own = malloc(sizeof *own);
    if (!own) return create(thread, attributes, body, argument);
    own->body = body;
    own->argument = argument;
    int result = create(thread, attributes, begin, own);
    if (result != 0) free(own);
    return result;
}
