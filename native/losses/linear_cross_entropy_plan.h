// What computing a linear cross entropy in chunks takes at a call. Source: `_ChunkContext.build` of
// torch/nn/modules/linear_cross_entropy.py.
#pragma once

#include <c10/core/ScalarType.h>

#include "losses/linear_cross_entropy_chunks.h"

namespace torch_losses::losses {

// Which dtypes and buffers the device, the dtypes and `acc_policy` call for.
struct Plan {
  Plan(const ChunkedProblem& problem, WantedGradients wanted);

  bool is_cuda;
  at::ScalarType dtype;
  at::ScalarType acc_dtype;
  // Half precision that is accumulated in float32.
  bool is_mixed;
  at::ScalarType output_dtype;
  at::ScalarType grad_input_dtype;
  at::ScalarType logits_dtype;
  // CUDA multiplies into a wider dtype by itself; elsewhere the weight is converted first.
  at::ScalarType linear_weight_dtype;
  // Whether a chunk's part of the gradient is gathered apart, in acc_dtype.
  bool stages_weight_grad;
  bool stages_bias_grad;
  bool stages_input_grad;
  bool converts_input;
  bool forward_takes_converted_input;
  bool narrows_logits_for_input_grad;
  // For either gradient that is computed in the input's dtype from logits of another.
  bool narrows_logits;
  bool widens_logits_for_weight_grad;
  // Whether the buffer of the logits has room for the input's rows in its own dtype.
  bool narrows_in_logits_buffer;
  // Whether the target is one of probabilities, and what it comes to needs a buffer of its own.
  bool has_probabilities;
  bool converts_probabilities;
};

}  // namespace torch_losses::losses
