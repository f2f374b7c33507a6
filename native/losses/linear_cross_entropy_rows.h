// The class and the weight of each row of a linear cross entropy in chunks, for a target of
// classes. Source: torch/nn/modules/linear_cross_entropy.py.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "losses/linear_cross_entropy_chunks.h"

namespace torch_losses::losses {

// The tensors are computed when they are first needed, as in Python: an empty batch does not read
// its target.
class Rows {
 public:
  Rows(const ChunkedProblem& problem, at::ScalarType acc_dtype,
       const std::optional<at::Tensor>& upstream)
      : problem_(problem), acc_dtype_(acc_dtype), upstream_(upstream) {}

  // Returns the target, with 0 in place of an ignore_index that is no class, so that it can be used
  // as an index.
  const at::Tensor& target();
  // Returns the factor of each row's loss: its class weight, or 0 if it is ignored, divided by
  // their sum for the mean. It is negative if gradients are computed, since these are the gradients
  // of -log(softmax).
  const at::Tensor& weights();

 private:
  const at::Tensor& is_ignored();
  at::Tensor class_weights();

  const ChunkedProblem& problem_;
  const at::ScalarType acc_dtype_;
  const std::optional<at::Tensor> upstream_;
  at::Tensor is_ignored_;
  at::Tensor target_;
  at::Tensor weights_;
};

}  // namespace torch_losses::losses
