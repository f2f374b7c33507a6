// The rows of a linear cross entropy in chunks whose target is one of classes: which class each is
// of, and how much its loss counts. Source: torch/nn/modules/linear_cross_entropy.py.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "losses/linear_cross_entropy_chunks.h"

namespace torch_losses::losses {

// Made when they are first asked for, as in Python: an empty batch does not look at its target.
class Rows {
 public:
  Rows(const ChunkedProblem& problem, at::ScalarType acc_dtype,
       const std::optional<at::Tensor>& upstream)
      : problem_(problem), acc_dtype_(acc_dtype), upstream_(upstream) {}

  // The target with 0 for an ignore_index that is no class, so that it can be an index.
  const at::Tensor& target();
  // What each row's loss is multiplied by: its class weight, 0 where ignored, over their sum for
  // the mean. Negative where gradients follow, as they are those of -log(softmax).
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
