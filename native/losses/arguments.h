// Converts the types of losses' parameters from JavaScript values and back. Include it where losses
// are bound.
#pragma once

#include "bindings/arguments.h"
#include "losses/losses.h"

namespace torch_losses {

// Takes a number for a common name, the name itself, or `[name, legacy]` if `size_average` or
// `reduce` were given.
template <>
Reduction read(Environment& environment, napi_value value);

// Takes a tensor's handle, or an array of integers.
template <>
losses::Lengths read(Environment& environment, napi_value value);

// Takes a tensor's handle, or `[number]`.
template <>
losses::Variance read(Environment& environment, napi_value value);

// Takes `[allow_retain_graph, batch_chunk_size, chunking_method, acc_policy, acc_dtype]`.
template <>
losses::LinearCrossEntropyOptions read(Environment& environment, napi_value value);
napi_value to_javascript(Environment& environment,
                         const losses::LinearCrossEntropyOptions& options);

// Takes a JavaScript function of two handles that returns a handle.
template <>
losses::DistanceFunction read(Environment& environment, napi_value value);
template <>
inline constexpr bool is_javascript_function<losses::DistanceFunction> = true;

}  // namespace torch_losses
