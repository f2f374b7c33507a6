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
  // What the caller wrote, valid or not: the error names it.
  std::string text = "mean";
  // What `size_average`/`reduce` ask for, where either was given: "mean", "sum" or "none".
  std::optional<std::string_view> legacy;

  bool operator==(std::string_view other) const { return text == other; }
};

// at::Reduction's number for a name; warns of 'elementwise_mean', throws ValueError for an unknown
// name.
int64_t get_enum(std::string_view reduction);

// Python's `legacy_get_string`: the legacy name, with its warning.
std::string legacy_get_string(const Reduction& reduction);

// The name in force: the legacy one, with its warning, where there is one.
std::string resolve(const Reduction& reduction);

// For the losses that Python reduces itself, comparing names.
bool is_mean_sum_or_none(std::string_view reduction);

// Reduces by a number of at::Reduction.
at::Tensor reduce(const at::Tensor& loss, int64_t reduction);

// Reduces by the name of a reduction that is valid: anything but 'mean' and 'sum' means 'none'.
at::Tensor reduce(const at::Tensor& loss, std::string_view reduction);

}  // namespace torch_losses
