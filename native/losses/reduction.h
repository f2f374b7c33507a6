// The `reduction` of a loss, with the deprecated `size_average` and `reduce` that may override it.
// Source: torch/nn/_reduction.py.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace torch_losses {

struct Reduction {
  // The caller's `reduction`, which may be invalid. The error quotes it.
  std::string text = "mean";
  // The reduction that `size_average` and `reduce` imply, if one of them was given: "mean", "sum"
  // or "none".
  std::optional<std::string_view> legacy;

  bool operator==(std::string_view other) const { return text == other; }
};

// Returns the number of at::Reduction for a name. Warns about 'elementwise_mean'. Throws ValueError
// for an unknown name.
int64_t get_enum(std::string_view reduction);

// Returns the reduction of the deprecated arguments, and warns: Python's `legacy_get_string`.
std::string legacy_get_string(const Reduction& reduction);

// Returns the name of the reduction that counts: that of the deprecated arguments, with a warning,
// if one was given.
std::string resolve(const Reduction& reduction);

// Returns whether the name is valid for losses that Python reduces itself, which compares names.
bool is_mean_sum_or_none(std::string_view reduction);

// Reduces by the name of a reduction that is valid: anything but 'mean' and 'sum' means 'none'.
at::Tensor reduce(const at::Tensor& loss, std::string_view reduction);

}  // namespace torch_losses
