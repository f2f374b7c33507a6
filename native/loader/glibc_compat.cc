#include "glibc_compat.h"

#if defined(__x86_64__) && defined(__linux__)
// glibc 2.32 tells by this variable whether the process has a single thread, for cheaper reference
// counts. This definition always says no, so that the addons also load with an older glibc.
extern "C" {
// NOLINTNEXTLINE(bugprone-reserved-identifier)
__attribute__((visibility("hidden"))) char __libc_single_threaded = 0;
}
#endif
