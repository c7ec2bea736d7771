#ifndef TENON_CCRASHER_H
#define TENON_CCRASHER_H

// Ways to go wrong in C, within a plugin's own library.

void crasher_abort(void);
void crasher_segfault(void);
void crasher_wait_for_ever(void);
void crasher_call_nowhere(void);
/// On a thread of the plugin's own.
void crasher_recurse_on_thread(void);
/// Whether this is the first time that a file of this name is asked for.
int crasher_first_time(const char *path);
void crasher_append(const char *path, const char *line);

#endif
