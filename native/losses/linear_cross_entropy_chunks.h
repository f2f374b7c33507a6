// Cross entropy of a linear layer's outputs, a few rows of the batch at a time: the logits of the
// whole batch never exist at once. Source: torch/nn/modules/linear_cross_entropy.py of torch 2.13
// and 2.14.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>

#include "losses/linear_cross_entropy_options.h"

namespace torch_losses::losses {

struct ChunkedProblem {
  at::Tensor input;                       // (N, in_features)
  at::Tensor linear_weight;               // (C, in_features)
  at::Tensor target;                      // (N) of int64, or (N, C) of probabilities
  std::optional<at::Tensor> linear_bias;  // (C)
  std::optional<at::Tensor> weight;       // (C)
  std::string reduction;                  // "mean", "sum" or "none"
  int64_t ignore_index = 0;
  LinearCrossEntropyOptions options;  // adjusted
};

// The tensors whose gradients are computed.
struct WantedGradients {
  bool input = false;
  bool linear_weight = false;
  bool linear_bias = false;
  bool any() const { return input || linear_weight || linear_bias; }
};

// A gradient that is not wanted is an undefined tensor.
struct LossAndGradients {
  at::Tensor loss;
  at::Tensor input;
  at::Tensor linear_weight;
  at::Tensor linear_bias;
};

// Returns the loss of each row, for the reduction "none".
at::Tensor chunked_losses(const ChunkedProblem& problem);

// Returns the loss of the reductions "mean" and "sum", and its gradients, in one pass. For "none",
// returns the gradients for `upstream`, of shape (N), and a loss that has no meaning.
LossAndGradients chunked_loss_and_gradients(
    const ChunkedProblem& problem, WantedGradients wanted,
    const std::optional<at::Tensor>& upstream = std::nullopt);

}  // namespace torch_losses::losses
