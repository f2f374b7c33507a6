// Source: CPython's float_repr_style 'short' and tuple repr; torch.Size's repr.
#include "bindings/python.h"

#include <ATen/ScalarOps.h>
#include <c10/util/StringUtil.h>

#include <charconv>
#include <cmath>

namespace torch_losses::python {

at::Tensor wrapped(const at::Scalar& number) { return at::native::wrapped_scalar_tensor(number); }

std::string repr(double value) {
  if (std::isnan(value)) return "nan";
  const double magnitude = std::abs(value);
  const bool scientific = magnitude >= 1e16 || (magnitude != 0 && magnitude < 1e-4);
  char buffer[32];
  const auto format = scientific ? std::chars_format::scientific : std::chars_format::fixed;
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value, format);
  std::string text(buffer, result.ptr);
  const bool looks_integral = !scientific && text.find('.') == std::string::npos;
  return looks_integral ? text + ".0" : text;
}

std::string repr_string(std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const bool has_double = text.find('"') != std::string_view::npos;
  const char quote = has_single && !has_double ? '"' : '\'';
  std::string quoted(1, quote);
  for (const char character : text) {
    if (character == quote || character == '\\') quoted += '\\';
    if (character == '\n') {
      quoted += "\\n";
    } else {
      quoted += character;
    }
  }
  return quoted + quote;
}

std::string repr_size(at::IntArrayRef sizes) { return c10::str("torch.Size(", sizes, ")"); }

std::string repr_tuple(at::IntArrayRef values) {
  if (values.size() == 1) return c10::str("(", values[0], ",)");
  return c10::str("(", c10::Join(", ", values), ")");
}

}  // namespace torch_losses::python
