// The options of linear_cross_entropy in chunks, and their values for a call. Source:
// torch/nn/modules/linear_cross_entropy_options.py of torch 2.13 and 2.14.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <optional>
#include <string>

namespace torch_losses::losses {

// nn.LinearCrossEntropyOptions. The class in lib/ documents the fields, and checks them.
struct LinearCrossEntropyOptions {
  bool allow_retain_graph = false;
  std::optional<int64_t> batch_chunk_size;
  std::optional<std::string> chunking_method;
  std::string acc_policy;
  std::optional<at::ScalarType> acc_dtype;
};

// Returns the options with values in place of "auto" and None, for a batch of this size, dtype and
// device, and a target of classes or of probabilities: Python's `_adjust`. Every field of the
// result except `chunking_method` has a value. This is done here because the native side has the
// sizes, dtype and device at hand.
LinearCrossEntropyOptions adjust(const LinearCrossEntropyOptions& options, int64_t num_batches,
                                 int64_t in_features, int64_t num_classes, at::ScalarType dtype,
                                 const std::optional<at::Device>& device, bool has_probabilities);

}  // namespace torch_losses::losses
