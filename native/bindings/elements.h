// Texts of a tensor's elements, as Python's `repr` has them. Source: `_Formatter` of
// torch/_tensor_str.py.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "operators/printing.h"

namespace torch_losses {

// The texts of the elements to show, in row-major order, padded on the left to `width` characters
// (infinities and NaNs may be longer).
struct Elements {
  std::vector<std::string> texts;
  int64_t width = 1;
};

// All of the tensor's, which is on the CPU and of a dtype that has arithmetic.
Elements elements_of(const at::Tensor& tensor, const PrintOptions& options);

// For laying them out.
std::string spaces(int64_t count);
inline int64_t length(std::string_view text) { return static_cast<int64_t>(text.size()); }

// C's `%g` of a number: six digits.
std::string general_format(double value);

}  // namespace torch_losses
