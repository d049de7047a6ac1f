#pragma once
#include <stdint.h>

/// Instructions of this process in user space, of all its threads; 0 where the kernel does not count them.
void counters_open(void);
uint64_t counters_instructions(void);
/// Blocks asked of `malloc` and its kin since the process began.
uint64_t counters_allocations(void);
