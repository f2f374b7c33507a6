// The texts of a tensor's elements in Python's `repr`. Source: `_Formatter` of
// torch/_tensor_str.py.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "operators/printing.h"

namespace torch_losses {

// The texts of the elements in row-major order, padded on the left to `width` characters.
// Infinities and NaNs may be longer.
struct Elements {
  std::vector<std::string> texts;
  int64_t width = 1;
};

// Formats all elements of a CPU tensor whose dtype has arithmetic.
Elements elements_of(const at::Tensor& tensor, const PrintOptions& options);

// Returns `count` spaces; none if it is negative.
std::string spaces(int64_t count);
inline int64_t length(std::string_view text) { return static_cast<int64_t>(text.size()); }

// Formats a number like C's `%g`, with six digits.
std::string general_format(double value);

}  // namespace torch_losses
