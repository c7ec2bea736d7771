#ifndef TENON_THREADS_H
#define TENON_THREADS_H

/// Gives the calling thread a stack for signal handlers; those made later get theirs by themselves.
void tenon_threads_prepare(void);

#endif
