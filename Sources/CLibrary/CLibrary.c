#include "CLibrary.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local char problem[400];

static int find(struct tenon_library library) {
    void *handle = dlopen(library.file, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        snprintf(problem, sizeof problem, "%s", dlerror());
        return 0;
    }
    // The first one last: that it is there says that all are.
    for (size_t i = library.count; i-- > 0;) {
        void *function = dlsym(handle, library.names[i]);
        if (!function) {
            snprintf(problem, sizeof problem, "%s is too old: it has no %s", library.file, library.names[i]);
            return 0;
        }
        library.functions[i] = function;
    }
    return 1;
}

const char *tenon_library_load(struct tenon_library library) {
    pthread_mutex_lock(&lock);
    int isThere = library.functions[0] || find(library);
    pthread_mutex_unlock(&lock);
    return isThere ? NULL : problem;
}
