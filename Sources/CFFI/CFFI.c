#define _GNU_SOURCE
#include "CFFI.h"

#include <errno.h>
#include <ffi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

struct tenon_ffi_signature {
    ffi_cif cif;
    uint8_t result;
    ffi_type *types[TENON_FFI_MOST_PARAMETERS];
};

static ffi_type *type(uint8_t kind) {
    switch (kind) {
    case TENON_FFI_NOTHING: return &ffi_type_void;
    case TENON_FFI_INT64: return &ffi_type_sint64;
    case TENON_FFI_BOOL: return &ffi_type_uint8;
    case TENON_FFI_POINTER: return &ffi_type_pointer;
    default: return NULL;
    }
}

const tenon_ffi_signature *tenon_ffi_prepare(const uint8_t *parameters, uint32_t count, uint8_t result) {
    if (count > TENON_FFI_MOST_PARAMETERS || type(result) == NULL) return NULL;
    tenon_ffi_signature *signature = calloc(1, sizeof *signature);
    if (signature == NULL) return NULL;
    for (uint32_t i = 0; i < count; i++) {
        signature->types[i] = type(parameters[i]);
        if (signature->types[i] == NULL || parameters[i] == TENON_FFI_NOTHING) {
            free(signature);
            return NULL;
        }
    }
    signature->result = result;
    if (ffi_prep_cif(&signature->cif, FFI_DEFAULT_ABI, count, type(result), signature->types) != FFI_OK) {
        free(signature);
        return NULL;
    }
    return signature;
}

uint64_t tenon_ffi_call(const tenon_ffi_signature *signature, void *function, const uint64_t *arguments) {
    void *places[TENON_FFI_MOST_PARAMETERS];
    for (unsigned i = 0; i < signature->cif.nargs; i++) places[i] = (void *)&arguments[i];
    // libffi widens a small result to a whole word.
    union {
        ffi_arg small;
        uint64_t word;
    } result = {.word = 0};
    // The cast takes a const away that libffi does not promise, but keeps.
    ffi_call((ffi_cif *)&signature->cif, FFI_FN(function), &result, places);
    return signature->result == TENON_FFI_BOOL ? (uint64_t)((result.small & 0xff) != 0) : result.word;
}

int tenon_ffi_read(uint64_t address, void *to, uint64_t count) {
    struct iovec here = {to, count}, there = {(void *)(uintptr_t)address, count};
    // The system looks whether the memory is there, where reading it directly would end the process in the kernel's name.
    ssize_t got = process_vm_readv(getpid(), &here, 1, &there, 1, 0);
    if (got == (ssize_t)count) return 1;
    if (got >= 0 || (errno != ENOSYS && errno != EPERM)) return 0;
    // Some sandboxes forbid the call.
    memcpy(to, there.iov_base, count);
    return 1;
}

int64_t tenon_ffi_read_text(uint64_t address, char *to, uint64_t room) {
    enum { page = 4096 };
    uint64_t done = 0;
    while (done < room) {
        // To the end of a page at most: behind it there may be nothing.
        uint64_t count = page - (address + done) % page;
        if (count > room - done) count = room - done;
        if (!tenon_ffi_read(address + done, to + done, count)) return -1;
        const char *end = memchr(to + done, 0, count);
        if (end != NULL) return end - to;
        done += count;
    }
    return (int64_t)room;
}
