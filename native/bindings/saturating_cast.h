// Converts JavaScript numbers to integers without undefined behaviour.
#pragma once

#include <cmath>
#include <concepts>
#include <limits>

namespace torch_losses {

// Truncates the number and clamps it to T's range; returns 0 for NaN.
template <std::integral T>
T saturating_cast(double number) {
  using Limits = std::numeric_limits<T>;
  if (std::isnan(number)) return 0;
  if (number <= static_cast<double>(Limits::min())) return Limits::min();
  if (number >= static_cast<double>(Limits::max())) return Limits::max();
  return static_cast<T>(number);
}

}  // namespace torch_losses
