// Where Python differs between the releases of torch. An addon is built for one minor version
// (CMakeLists.txt), so these are constants; lib/nn/modules/loss/linear_cross_entropy_options.ts has
// what differs in names and messages.
#pragma once

#include <torch/version.h>

namespace torch_losses::release {

constexpr bool since(int major, int minor) {
  return TORCH_VERSION_MAJOR > major ||
         (TORCH_VERSION_MAJOR == major && TORCH_VERSION_MINOR >= minor);
}

// linear_cross_entropy with options: targets of probabilities are computed in chunks too.
inline constexpr bool kChunksProbabilities = since(2, 14);
// "auto" chunks take no more memory than the whole batch at once, where the policy is "compact";
// before, they were half of "aspect_ratio".
inline constexpr bool kCapsAutoChunks = since(2, 14);
// Softmax denominators of float16 are summed in float32; before, in acc_dtype.
inline constexpr bool kSumsHalfInFloat = since(2, 14);
// A loss that no gradient came back to passes none on; before, it passed zeros.
inline constexpr bool kPassesNoGradientOn = since(2, 14);

// clamp_min passes a gradient to what equals its bound; since 2.14, only to what exceeds it.
inline constexpr bool kBoundHasGradient = !since(2, 14);

}  // namespace torch_losses::release
