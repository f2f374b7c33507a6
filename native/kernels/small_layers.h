// Linear layers so small that a second thread costs more than it saves: on the calling thread
// alone, where that has the same bits.
//
// For some sizes it has not: MKL chooses by the number of threads how it divides a product, and
// then adds up in another order. So the products of a layer of each size, forward and backward, are
// compared, on numbers whose sums tell their order, once it has been used for a while.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/generated/Functions.h>

#include <optional>
#include <vector>

namespace torch_losses::small_layers {

// at::linear.
at::Tensor linear(const at::Tensor& input, const at::Tensor& weight,
                  const std::optional<at::Tensor>& bias);

// The gradients by the factors of such a layer's product; false where it is none, or has other
// bits.
bool apply(torch::autograd::generated::MmBackward0& function, const at::Tensor& gradient,
           std::vector<at::Tensor>& results);

}  // namespace torch_losses::small_layers
