#include "kernels/passes.h"

#include <ATen/Version.h>

#include "kernels/passes_body.h"
#include "kernels/shortcuts.h"

namespace torch_losses::passes {
namespace {

// As libtorch chooses its kernels: by the processor, or by ATEN_CPU_CAPABILITY.
bool has_avx2() { return at::get_cpu_capability().starts_with("AVX"); }

}  // namespace

template <typename T>
const Passes<T>& fastest() {
  static const Passes<T>* const wide = has_avx2() ? avx2<T>() : nullptr;
  return shortcuts::passes_avx2.take_if(wide != nullptr) ? *wide : kPasses<T>;
}

template const Passes<float>& fastest();
template const Passes<double>& fastest();

}  // namespace torch_losses::passes
