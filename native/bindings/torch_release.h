// Differences between the releases of torch. An addon is built for one minor version
// (CMakeLists.txt), so they are constants. lib/nn/modules/loss/linear_cross_entropy_options.ts has
// those in names and messages.
#pragma once

#include <torch/version.h>

namespace torch_losses::release {

constexpr bool since(int major, int minor) {
  return TORCH_VERSION_MAJOR > major ||
         (TORCH_VERSION_MAJOR == major && TORCH_VERSION_MINOR >= minor);
}

// linear_cross_entropy with options computes targets of probabilities in chunks, too.
inline constexpr bool kChunksProbabilities = since(2, 14);
// With the policy "compact", "auto" chunks take at most the memory of the whole batch. Before, they
// were half of "aspect_ratio".
inline constexpr bool kCapsAutoChunks = since(2, 14);
// Softmax denominators of float16 are summed in float32. Before, in acc_dtype.
inline constexpr bool kSumsHalfInFloat = since(2, 14);
// Without a gradient, the backward pass of a loss returns none. Before, it returned zeros.
inline constexpr bool kPassesNoGradientOn = since(2, 14);

// clamp_min passes a gradient to elements equal to its bound. Since 2.14, only to those above it.
inline constexpr bool kBoundHasGradient = !since(2, 14);

// The collectives of a group are numbered from a number that the ranks agree on. Since 2.14, from
// 0.
inline constexpr bool kNumbersCollectives = !since(2, 14);

}  // namespace torch_losses::release
