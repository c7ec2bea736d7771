#include "CCrash.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

// Reads the names of functions from a file. The file may be anything: every offset is checked against its size.

typedef struct {
    const unsigned char *bytes;
    size_t size;
} image;

static const void *at(const image *file, uint64_t offset, uint64_t count) {
    if (offset > file->size || count > file->size - offset) return NULL;
    return file->bytes + offset;
}

static int search(const image *file, const Elf64_Shdr *table, const Elf64_Shdr *texts, uint64_t address, char *name, size_t room, uint64_t *offset) {
    if (table->sh_entsize != sizeof(Elf64_Sym)) return 0;
    uint64_t count = table->sh_size / sizeof(Elf64_Sym);
    const unsigned char *symbols = at(file, table->sh_offset, table->sh_size);
    const char *strings = at(file, texts->sh_offset, texts->sh_size);
    if (!symbols || !strings) return 0;
    uint64_t best = 0;
    const char *found = NULL;
    for (uint64_t place = 0; place < count; place++) {
        Elf64_Sym symbol;
        memcpy(&symbol, symbols + place * sizeof symbol, sizeof symbol);
        int type = ELF64_ST_TYPE(symbol.st_info);
        if ((type != STT_FUNC && type != STT_GNU_IFUNC) || symbol.st_shndx == SHN_UNDEF) continue;
        if (symbol.st_value > address || address - symbol.st_value >= (symbol.st_size ? symbol.st_size : 1)) continue;
        if (symbol.st_value < best || symbol.st_name >= texts->sh_size) continue;
        const char *text = strings + symbol.st_name;
        size_t most = texts->sh_size - symbol.st_name, length = strnlen(text, most);
        if (length == most || length == 0) continue;
        best = symbol.st_value;
        found = text;
    }
    if (!found) return 0;
    size_t length = strlen(found);
    if (length >= room) length = room - 1;
    memcpy(name, found, length);
    name[length] = 0;
    *offset = address - best;
    return 1;
}

int tenon_symbol(const char *path, uint64_t address, char *name, size_t room, uint64_t *offset) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return 0;
    struct stat facts;
    image file = {NULL, 0};
    if (fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0) {
        file.size = (size_t)facts.st_size;
        void *bytes = mmap(NULL, file.size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        file.bytes = bytes == MAP_FAILED ? NULL : bytes;
    }
    close(descriptor);
    if (!file.bytes) return 0;
    int found = 0;
    const Elf64_Ehdr *head = at(&file, 0, sizeof *head);
    if (head && memcmp(head->e_ident, ELFMAG, SELFMAG) == 0 && head->e_ident[EI_CLASS] == ELFCLASS64
        && head->e_shentsize == sizeof(Elf64_Shdr)) {
        const int kinds[] = {SHT_SYMTAB, SHT_DYNSYM};
        for (int kind = 0; kind < 2 && !found; kind++) {
            for (int place = 0; place < head->e_shnum && !found; place++) {
                Elf64_Shdr table, texts;
                const void *entry = at(&file, head->e_shoff + (uint64_t)place * sizeof table, sizeof table);
                if (!entry) break;
                memcpy(&table, entry, sizeof table);
                if ((int)table.sh_type != kinds[kind]) continue;
                const void *linked = at(&file, head->e_shoff + (uint64_t)table.sh_link * sizeof texts, sizeof texts);
                if (!linked) continue;
                memcpy(&texts, linked, sizeof texts);
                found = search(&file, &table, &texts, address, name, room, offset);
            }
        }
    }
    munmap((void *)file.bytes, file.size);
    return found;
}
