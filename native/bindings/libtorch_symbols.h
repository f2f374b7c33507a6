// What libtorch carries and does not declare: its OpenMP, its MKL, its SLEEF.
#pragma once

#include <dlfcn.h>

namespace torch_losses {

// A function among what libtorch_cpu.so loaded, which stays; null where this build has none.
inline void* symbol_of_libtorch(const char* name) {
  void* libtorch = dlopen("libtorch_cpu.so", RTLD_LAZY | RTLD_NOLOAD);
  if (libtorch == nullptr) return nullptr;
  void* symbol = dlsym(libtorch, name);
  dlclose(libtorch);
  return symbol;
}

}  // namespace torch_losses
