// CMakeLists.txt compiles this file for AVX2 if the processor's architecture has it.
#include "kernels/passes.h"

#ifdef __AVX2__
#include "kernels/passes_body.h"
#endif

namespace torch_losses::kernels::passes {

template <typename T>
const Passes<T>* avx2() {
#ifdef __AVX2__
  return &kPasses<T>;
#else
  return nullptr;
#endif
}

template const Passes<float>* avx2();
template const Passes<double>* avx2();

}  // namespace torch_losses::kernels::passes
