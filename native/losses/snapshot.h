// Copies of labels. Other threads may change labels at any time, and so may JavaScript if it shares
// the memory. The labels that are used must be those that were checked.
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

// Reads a number exactly once, even if its value is used several times.
inline int64_t read_once(const int64_t* number) {
  return __atomic_load_n(number, __ATOMIC_RELAXED);
}

// Returns a copy of a dense tensor on the CPU, and any other tensor itself. The copy shares the
// tensor's version counter, so that autograd notices changes to the tensor.
inline at::Tensor snapshot_of(const at::Tensor& tensor) {
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
inline const std::vector<int64_t>& snapshot_of(const std::vector<int64_t>& list) { return list; }

}  // namespace torch_losses
