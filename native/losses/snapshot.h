// Labels, which other threads, and JavaScript in memory that it shares, may change at any time:
// what is checked of them must be what is used.
#pragma once

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/clone.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/variable.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace torch_losses {

// Read once, however often the number is used.
inline int64_t read_once(const int64_t* number) {
  return __atomic_load_n(number, __ATOMIC_RELAXED);
}

// Returns a copy of a dense tensor on the CPU; any other tensor is returned itself. The copy shares
// the tensor's version counter: autograd notices changes to the tensor as changes to the copy.
inline at::Tensor own_copy(const at::Tensor& tensor) {
  if (!tensor.is_cpu() || tensor.layout() != at::kStrided) return tensor;
  // A copy of an inference tensor is one too, which autograd refuses to save, as in Python.
  std::optional<c10::InferenceMode> mode;
  if (tensor.is_inference()) mode.emplace();
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  const at::Tensor copy = at::clone(tensor);
  if (copy.is_inference()) return copy;  // it has no version counter
  torch::autograd::impl::set_version_counter(copy, torch::autograd::impl::version_counter(tensor));
  return copy;
}
// Returns the list itself, which nobody else can change.
inline const std::vector<int64_t>& own_copy(const std::vector<int64_t>& list) { return list; }

}  // namespace torch_losses
