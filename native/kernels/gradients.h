// The gradients that kernels compute in the place of recorded functions. Each is undefined if the
// function itself is to be run.
#pragma once

#include <ATen/core/Reduction.h>
#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/generated/Functions.h>

namespace torch_losses::kernels {

// Returns whether this has the shape of the gradient of a loss of rows: of one number, or of one
// for each row.
inline bool is_gradient_of_loss(const at::Tensor& upstream, int64_t reduction) {
  return upstream.is_contiguous() && upstream.dim() == (reduction == at::Reduction::None ? 1 : 0);
}

at::Tensor cross_entropy_gradient(torch::autograd::generated::NllLossBackward0& function,
                                  torch::autograd::generated::LogSoftmaxBackward0& next,
                                  const at::Tensor& upstream);

at::Tensor multi_margin_gradient(torch::autograd::generated::MultiMarginLossBackward0& function,
                                 const at::Tensor& upstream);

at::Tensor multilabel_margin_gradient(
    torch::autograd::generated::MultilabelMarginLossBackward0& function,
    const at::Tensor& upstream);

}  // namespace torch_losses::kernels
