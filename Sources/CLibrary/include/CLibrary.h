#ifndef TENON_CLIBRARY_H
#define TENON_CLIBRARY_H

#include <stddef.h>

// A library that is loaded when it is first needed: whoever never needs it neither waits for it and all that it brings, nor has it
// in memory, nor has to install it.
struct tenon_library {
    const char *file;
    // Where what is found by these names goes.
    const char *const *names;
    void **functions;
    size_t count;
};

// Loads it unless that was done already. NULL when all of it is there, else what is wrong, until the same thread asks again.
const char *tenon_library_load(struct tenon_library library);

#endif
