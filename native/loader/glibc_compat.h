// Binds the addons to symbol versions that every system has on which libtorch itself runs, however
// new the system is that compiles them. Included before every source file (CMakeLists.txt).
//
// Since glibc 2.34 the functions of libdl and libpthread have new versions in libc, since 2.29 exp
// and log have ones that leave errno's old ways out, and since GCC 12 condition_variable::wait has
// one; the old versions are the same functions under the names that glibc 2.28 and GCC 8's
// libstdc++ know. npm run prebuilds checks what is left.
#pragma once

#if defined(__x86_64__) && defined(__linux__)
__asm__(".symver dlopen,dlopen@GLIBC_2.2.5");
__asm__(".symver dlsym,dlsym@GLIBC_2.2.5");
__asm__(".symver dlclose,dlclose@GLIBC_2.2.5");
__asm__(".symver dladdr,dladdr@GLIBC_2.2.5");
__asm__(".symver dlerror,dlerror@GLIBC_2.2.5");
__asm__(".symver exp,exp@GLIBC_2.2.5");
__asm__(".symver log,log@GLIBC_2.2.5");
__asm__(".symver pthread_once,pthread_once@GLIBC_2.2.5");
__asm__(
    ".symver _ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE,"
    "_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE@GLIBCXX_3.4.11");
#endif
