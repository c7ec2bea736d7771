// Does something before anybody has called it: writes a file where the tests look for it. Compiled by the tests.
#include <stdint.h>
#include <stdio.h>

__attribute__((constructor)) static void begin(void) {
    FILE *file = fopen(TRACE, "w");
    if (file != NULL) fclose(file);
}

int64_t score(int64_t number) { return number; }
