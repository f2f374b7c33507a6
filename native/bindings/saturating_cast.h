// Numbers of JavaScript as integers, where a cast alone would be undefined behaviour.
#pragma once

#include <cmath>
#include <concepts>
#include <limits>

namespace torch_losses {

// The nearest integer that T holds; 0 for NaN.
template <std::integral T>
T saturated(double number) {
  using Limits = std::numeric_limits<T>;
  if (std::isnan(number)) return 0;
  if (number <= static_cast<double>(Limits::min())) return Limits::min();
  if (number >= static_cast<double>(Limits::max())) return Limits::max();
  return static_cast<T>(number);
}

}  // namespace torch_losses
