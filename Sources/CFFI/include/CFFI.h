#ifndef TENON_CFFI_H
#define TENON_CFFI_H

#include <stdint.h>

// libffi describes types by global variables and a call by macros, neither of which Swift can use. Here each type is a
// small number, and each argument and result fills one word.
#define TENON_FFI_NOTHING 0
#define TENON_FFI_INT64 1
#define TENON_FFI_BOOL 2
#define TENON_FFI_POINTER 3

#define TENON_FFI_MOST_PARAMETERS 16

/// How functions of one signature are called. Prepared once, used by any number of threads, never freed.
typedef struct tenon_ffi_signature tenon_ffi_signature;

/// NULL when there are too many parameters, a type is unknown, or libffi refuses.
const tenon_ffi_signature *tenon_ffi_prepare(const uint8_t *parameters, uint32_t count, uint8_t result);

/// Calls a function of the signature. The words beyond a bool's one byte are ignored, and zero in the result.
uint64_t tenon_ffi_call(const tenon_ffi_signature *signature, void *function, const uint64_t *arguments);

/// Copies memory from an address that may be wrong, as a result is when the signature was: 1 when it could be read.
int tenon_ffi_read(uint64_t address, void *to, uint64_t count);

/// Copies a text up to its zero. Gives its length, `room` when it has no end before that, or -1 when it cannot be read.
int64_t tenon_ffi_read_text(uint64_t address, char *to, uint64_t room);

#endif
