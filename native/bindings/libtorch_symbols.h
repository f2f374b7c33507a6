// Functions of the libraries inside libtorch that its headers do not declare: OpenMP, MKL, SLEEF.
#pragma once

#include <dlfcn.h>

namespace torch_losses {

// Looks up a function in libtorch_cpu.so and the libraries it loaded. Returns nullptr if this build
// of libtorch lacks it. The libraries stay loaded.
inline void* symbol_of_libtorch(const char* name) {
  void* libtorch = dlopen("libtorch_cpu.so", RTLD_LAZY | RTLD_NOLOAD);
  if (libtorch == nullptr) return nullptr;
  void* symbol = dlsym(libtorch, name);
  dlclose(libtorch);
  return symbol;
}

}  // namespace torch_losses
