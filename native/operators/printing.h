// The text of a tensor, equal to Python's `repr` character for character.
// Source: torch/_tensor_str.py.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace torch_losses {

// The options of `torch.set_printoptions`; the defaults are those of its profile 'default'. Profile
// 'short' is precision 2 and edgeitems 2; 'full' is a threshold of infinity, here the largest
// int64. No number may be negative.
struct PrintOptions {
  int precision = 4;               // digits after the decimal point
  int64_t threshold = 1000;        // a tensor with more elements is summarized
  int64_t edgeitems = 3;           // elements shown at each end of a dimension
  int64_t linewidth = 80;          // in characters; longer rows and suffixes wrap
  std::optional<bool> sci_mode{};  // scientific notation; if unset, the values decide
};

// Returns repr(tensor). `class_name` is "tensor" for torch.Tensor and nn.Parameter, else the name
// of the subclass.
std::string repr(const at::Tensor& tensor, const PrintOptions& options,
                 std::string_view class_name = "tensor");

// Returns repr of an nn.Parameter.
std::string parameter_repr(const at::Tensor& tensor, const PrintOptions& options);

}  // namespace torch_losses
