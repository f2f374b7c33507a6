#include "kernels/passes.h"

#include <ATen/Version.h>

#include "kernels/passes_body.h"

namespace torch_losses::kernels::passes {
namespace {

// Chooses the instructions as libtorch does: by the processor, or by ATEN_CPU_CAPABILITY.
bool has_avx2() { return at::get_cpu_capability().starts_with("AVX"); }

}  // namespace

template <typename T>
const Passes<T>& fastest() {
  static const Passes<T>* const wide = has_avx2() ? avx2<T>() : nullptr;
  return wide != nullptr ? *wide : kPasses<T>;
}

template const Passes<float>& fastest();
template const Passes<double>& fastest();

}  // namespace torch_losses::kernels::passes
