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

// Sets `function` to what symbol_of_libtorch finds.
template <typename Function>
void find_in_libtorch(Function*& function, const char* name) {
  function = reinterpret_cast<Function*>(symbol_of_libtorch(name));
}

}  // namespace torch_losses
