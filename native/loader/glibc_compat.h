// Binds the addons to old symbol versions, so that addons compiled on a new system run on every
// system that libtorch supports. Included before every source file (CMakeLists.txt).
//
// New versions exist of the functions of libdl and libpthread since glibc 2.34, where they moved
// into libc; of exp and log since glibc 2.29, which changed how they set errno; and of
// condition_variable::wait since GCC 12. The old versions are those of glibc 2.28 and of GCC 8's
// libstdc++. `npm run prebuilds` checks that no other new version is needed.
#pragma once

#if defined(__x86_64__) && defined(__linux__)
__asm__(".symver dlopen,dlopen@GLIBC_2.2.5");
__asm__(".symver dlsym,dlsym@GLIBC_2.2.5");
__asm__(".symver dlclose,dlclose@GLIBC_2.2.5");
__asm__(".symver dladdr,dladdr@GLIBC_2.2.5");
__asm__(".symver dlerror,dlerror@GLIBC_2.2.5");
__asm__(".symver exp,exp@GLIBC_2.2.5");
__asm__(".symver log,log@GLIBC_2.2.5");
__asm__(".symver pthread_mutex_trylock,pthread_mutex_trylock@GLIBC_2.2.5");
__asm__(".symver pthread_once,pthread_once@GLIBC_2.2.5");
__asm__(
    ".symver _ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE,"
    "_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE@GLIBCXX_3.4.11");
#endif
