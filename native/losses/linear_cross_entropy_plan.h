// The dtypes and buffers of a linear cross entropy in chunks. Source: `_ChunkContext.build` of
// torch/nn/modules/linear_cross_entropy.py.
#pragma once

#include <c10/core/ScalarType.h>

#include "losses/linear_cross_entropy_chunks.h"

namespace torch_losses::losses {

// The dtypes and buffers for a call. The device, the dtypes and `acc_policy` determine them.
struct Plan {
  Plan(const ChunkedProblem& problem, WantedGradients wanted);

  bool is_cuda;
  at::ScalarType dtype;
  at::ScalarType acc_dtype;
  // Whether half precision is accumulated in float32.
  bool is_mixed;
  at::ScalarType output_dtype;
  at::ScalarType grad_input_dtype;
  at::ScalarType logits_dtype;
  // The dtype of the weight in products. CUDA can multiply into a wider dtype; elsewhere the weight
  // is converted first.
  at::ScalarType linear_weight_dtype;
  // Whether a chunk's part of a gradient is first computed in a buffer of acc_dtype.
  bool stages_weight_grad;
  bool stages_bias_grad;
  bool stages_input_grad;
  bool converts_input;
  bool forward_takes_converted_input;
  bool narrows_logits_for_input_grad;
  // Whether any gradient is computed in the input's dtype from logits of another dtype.
  bool narrows_logits;
  bool widens_logits_for_weight_grad;
  // Whether the buffer of the logits has room for the input's rows in its own dtype.
  bool narrows_in_logits_buffer;
  // Whether the target has probabilities, and whether they need a buffer of their own.
  bool has_probabilities;
  bool converts_probabilities;
};

}  // namespace torch_losses::losses
