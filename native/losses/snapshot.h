// Labels, which other threads, and JavaScript in memory that it shares, may change at any time:
// what is checked of them must be what is used.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/clone.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/variable.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "kernels/plain.h"

namespace torch_losses {

// Read once, however often the number is used.
inline int64_t read_once(const int64_t* number) {
  return __atomic_load_n(number, __ATOMIC_RELAXED);
}

// A copy of a dense tensor on the CPU; of any other, itself. To autograd the copy is the tensor: it
// hears of the same changes.
inline at::Tensor own_copy(const at::Tensor& tensor) {
  if (!tensor.is_cpu() || tensor.layout() != at::kStrided) return tensor;
  // So that autograd refuses to save the copy as it refuses to save the tensor.
  std::optional<c10::InferenceMode> mode;
  if (tensor.is_inference()) mode.emplace();
  at::Tensor copy;
  if (plain::is_undisguised(tensor) && tensor.is_contiguous()) {
    copy = plain::empty(tensor.sizes(), tensor.scalar_type());
    if (copy.numel() > 0) {
      std::memcpy(copy.mutable_data_ptr(), tensor.const_data_ptr(), copy.nbytes());
    }
  } else {
    copy = at::clone(tensor);
  }
  if (copy.is_inference()) return copy;  // which has no version
  torch::autograd::impl::set_version_counter(copy, torch::autograd::impl::version_counter(tensor));
  return copy;
}
// Of numbers that are nobody else's.
inline const std::vector<int64_t>& own_copy(const std::vector<int64_t>& list) { return list; }

}  // namespace torch_losses
