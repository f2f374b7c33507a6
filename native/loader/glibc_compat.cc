#include "glibc_compat.h"

#if defined(__x86_64__) && defined(__linux__)
// glibc 2.32's hint that a process has one thread, to count references cheaply; ours says never.
extern "C" {
// NOLINTNEXTLINE(bugprone-reserved-identifier)
__attribute__((visibility("hidden"))) char __libc_single_threaded = 0;
}
#endif
