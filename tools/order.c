// Runs a program and writes the name of each of its functions when it is called for the first time.
//
//   order NAMES OUT PROGRAM [ARGUMENTS]      NAMES has a line a function: its address in the file, in hex, and its name
//
// A breakpoint stands at the beginning of each function and is taken away when it is hit, in whichever thread.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

struct function {
    unsigned long address;
    char *name;
    unsigned char first;
    char is_noted;
};
static struct function *functions;
static size_t count;

static int compare(const void *left, const void *right) {
    unsigned long a = ((const struct function *)left)->address, b = ((const struct function *)right)->address;
    return a < b ? -1 : a > b;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void read_names(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    static char line[1 << 16];
    size_t room = 0, kept = 0;
    while (fgets(line, sizeof line, file)) {
        char *rest;
        unsigned long address = strtoul(line, &rest, 16);
        if (*rest != ' ') continue;
        rest[strcspn(rest, "\n")] = 0;
        if (count == room) functions = realloc(functions, (room = room ? room * 2 : 1 << 16) * sizeof *functions);
        functions[count++] = (struct function){.address = address, .name = strdup(rest + 1)};
    }
    fclose(file);
    qsort(functions, count, sizeof *functions, compare);
    for (size_t place = 0; place < count; place++)
        if (!kept || functions[kept - 1].address != functions[place].address) functions[kept++] = functions[place];
    count = kept;
}

static unsigned long base_of(pid_t process, const char *program) {
    char path[64], line[4096], *whole = realpath(program, NULL);
    snprintf(path, sizeof path, "/proc/%d/maps", process);
    FILE *maps = fopen(path, "r");
    if (!maps || !whole) fail(path);
    unsigned long base = 0;
    while (!base && fgets(line, sizeof line, maps))
        if (strstr(line, whole)) base = strtoul(line, NULL, 16);
    fclose(maps);
    return base;
}

int main(int words, char **word) {
    if (words < 4) return 2;
    read_names(word[1]);
    FILE *out = fopen(word[2], "w");
    if (!out) fail(word[2]);
    pid_t process = fork();
    if (process == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        execv(word[3], word + 3);
        _exit(127);
    }
    // Whoever ends this program by a signal means the other one.
    signal(SIGTERM, SIG_IGN);
    int state;
    waitpid(process, &state, 0);
    ptrace(PTRACE_SETOPTIONS, process, 0, PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL);
    unsigned long base = base_of(process, word[3]);
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", process);
    int memory = open(path, O_RDWR);
    if (memory < 0) fail(path);
    const unsigned char stop = 0xcc;
    for (size_t place = 0; place < count; place++) {
        struct function *function = &functions[place];
        if (pread(memory, &function->first, 1, (off_t)(base + function->address)) != 1) fail("reading a function");
        if (pwrite(memory, &stop, 1, (off_t)(base + function->address)) != 1) fail("writing to a function");
    }
    ptrace(PTRACE_CONT, process, 0, 0);
    pid_t thread;
    while ((thread = waitpid(-1, &state, __WALL)) > 0) {
        if (!WIFSTOPPED(state)) continue;
        long handed_on = WSTOPSIG(state);
        if (handed_on == SIGSTOP) handed_on = 0;
        if (handed_on == SIGTRAP) {
            handed_on = 0;
            struct user_regs_struct registers;
            if (state >> 16 == 0 && ptrace(PTRACE_GETREGS, thread, 0, &registers) == 0) {
                struct function key = {.address = registers.rip - 1 - base};
                struct function *hit = bsearch(&key, functions, count, sizeof *functions, compare);
                if (hit) {
                    if (!hit->is_noted) {
                        hit->is_noted = 1;
                        fprintf(out, "%s\n", hit->name);
                        if (pwrite(memory, &hit->first, 1, (off_t)(base + hit->address)) != 1) fail("writing to a function");
                    }
                    registers.rip--;
                    ptrace(PTRACE_SETREGS, thread, 0, &registers);
                } else {
                    handed_on = SIGTRAP;
                }
            }
        }
        ptrace(PTRACE_CONT, thread, 0, handed_on);
    }
    return fclose(out) == 0 ? 0 : 1;
}
