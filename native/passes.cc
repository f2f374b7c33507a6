#include "passes.h"

#include "passes_body.h"

namespace torch_losses::passes {

template <typename T>
const Passes<T>& fastest() {
#ifdef __x86_64__
  static const Passes<T>& passes =
      avx2<T>() != nullptr && __builtin_cpu_supports("avx2") ? *avx2<T>() : kPasses<T>;
  return passes;
#else
  return kPasses<T>;
#endif
}

template const Passes<float>& fastest();
template const Passes<double>& fastest();

}  // namespace torch_losses::passes
