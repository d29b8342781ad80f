// Functions compiled once for each level of x86-64.
#pragma once

// One copy of each function for each level of x86-64, picked when the program is loaded. Only g++ with glibc
// does this the way we want it, and sanitizers do not survive functions that are resolved before they start.
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define JOULECAST_EVERY_PROCESSOR \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define JOULECAST_EVERY_PROCESSOR
#endif
