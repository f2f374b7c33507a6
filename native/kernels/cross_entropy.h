// The cross entropy between scores and classes: log_softmax and nll_loss in one pass, and their
// gradient in one, without the matrix of zeros that nll_loss_backward makes.
//
// Operands: a contiguous matrix of float, one class for each row, weights of the classes. The bits
// are libtorch's: its kernels are compared with these once per process, and called where one
// result differed, for NaN, and to name the class that is out of range.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

namespace torch_losses::cross_entropy {

struct Loss {
  const at::Tensor& target;
  const std::optional<at::Tensor>& weight;
  int64_t reduction;
  int64_t ignored;
};

struct Result {
  at::Tensor loss;  // undefined where libtorch is to compute it
  at::Tensor total_weight;
  at::Tensor log_probabilities;  // undefined where they were not asked for
};

// Whether these are operands.
bool takes(const at::Tensor& input, const Loss& loss);

// Nothing is recorded.
Result forward(const at::Tensor& input, const Loss& loss, bool keeps_log_probabilities);

// The gradient of the loss by the scores; undefined where libtorch is to compute it.
at::Tensor backward(const at::Tensor& gradient, const at::Tensor& log_probabilities,
                    const Loss& loss, const at::Tensor& total_weight);

}  // namespace torch_losses::cross_entropy
