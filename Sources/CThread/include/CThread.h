#ifndef TENON_CTHREAD_H
#define TENON_CTHREAD_H

#include <stdint.h>

// The kernel's number of the calling thread, as the system's tools show it. Asked of the system once per thread.
int32_t tenon_thread_id(void);

// Nanoseconds of a clock that only goes forward.
uint64_t tenon_monotonic_time(void);

// Gives the system back what was freed and lies in whole pages between what is in use. Takes some milliseconds.
void tenon_return_memory(void);

#endif
