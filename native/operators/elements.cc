#include "operators/elements.h"

#include <ATen/ops/imag.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/real.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace torch_losses {

std::string spaces(int64_t count) {
  return std::string(static_cast<size_t>(std::max<int64_t>(count, 0)), ' ');
}

namespace {

// Formats like Python's `f"{value:.{precision}f}"`, or `e`. std::to_chars ignores the locale, too.
std::string format_number(double value, std::chars_format format, int precision) {
  TORCH_CHECK_VALUE(precision >= 0, "Format specifier missing precision");
  if (std::isnan(value)) return "nan";
  constexpr size_t kSignDigitsAndPoint = std::numeric_limits<double>::max_exponent10 + 8;
  std::string buffer(kSignDigitsAndPoint + static_cast<size_t>(precision), '\0');
  char* const first = buffer.data();
  return {first, std::to_chars(first, first + buffer.size(), value, format, precision).ptr};
}

template <typename T>
at::ArrayRef<T> values_of(const at::Tensor& contiguous) {
  return at::ArrayRef<T>(contiguous.const_data_ptr<T>(), static_cast<size_t>(contiguous.numel()));
}

// The common format of a tensor's numbers: Python's `_Formatter`.
class FloatStyle {
 public:
  FloatStyle(const at::Tensor& tensor, const PrintOptions& options)
      : precision_(options.precision) {
    // Zeros, infinities and NaNs do not count. The comparison is made in the tensor's own dtype: in
    // float8_e8m0fnu the smallest number equals 0, and NaN is finite.
    const at::Tensor mask = at::isfinite(tensor).logical_and(tensor.ne(0));
    const at::Tensor decisive = tensor.masked_select(mask).to(at::kDouble);
    if (decisive.numel() == 0) return;
    integral_ = decisive.eq(decisive.ceil()).all().item<bool>();
    const at::Tensor magnitudes = decisive.abs();
    const double smallest = magnitudes.min().item<double>();
    const double largest = magnitudes.max().item<double>();
    scientific_ = options.sci_mode.value_or(largest / smallest > 1000.0 || largest > 1.0e8 ||
                                            smallest < 1.0e-4);
    for (const double value : values_of<double>(decisive)) {
      width_ = std::max(width_, length((*this)(value)));
    }
  }

  int64_t width() const { return width_; }

  std::string operator()(double value) const {
    if (scientific_) return format_number(value, std::chars_format::scientific, precision_);
    if (!integral_) return format_number(value, std::chars_format::fixed, precision_);
    return format_number(value, std::chars_format::fixed, 0) + (std::isfinite(value) ? "." : "");
  }

 private:
  int precision_;
  bool integral_ = true;
  bool scientific_ = false;
  int64_t width_ = 1;
};

void pad(Elements& elements) {
  for (std::string& text : elements.texts) {
    text.insert(0, spaces(elements.width - length(text)));
  }
}

Elements float_elements(const at::Tensor& tensor, const PrintOptions& options) {
  const FloatStyle style(tensor, options);
  Elements elements{{}, style.width()};
  const at::Tensor contiguous = tensor.to(at::kDouble).contiguous();
  for (const double value : values_of<double>(contiguous)) elements.texts.push_back(style(value));
  pad(elements);
  return elements;
}

Elements complex_elements(const at::Tensor& tensor, const PrintOptions& options) {
  Elements elements = float_elements(at::real(tensor), options);
  const Elements imaginary = float_elements(at::imag(tensor), options);
  for (size_t i = 0; i < elements.texts.size(); ++i) {
    std::string text = imaginary.texts[i];
    text.erase(0, text.find_first_not_of(' '));
    elements.texts[i] += (text.front() == '-' ? "" : "+") + text + "j";
  }
  elements.width += imaginary.width + 1;
  return elements;
}

template <typename T, typename Format>
Elements exact_elements(const at::Tensor& tensor, at::ScalarType dtype, Format format) {
  const at::Tensor contiguous = tensor.to(dtype).contiguous();
  Elements elements;
  for (const T value : values_of<T>(contiguous)) {
    const std::string& text = elements.texts.emplace_back(format(value));
    elements.width = std::max(elements.width, length(text));
  }
  pad(elements);
  return elements;
}

}  // namespace

Elements elements_of(const at::Tensor& tensor, const PrintOptions& options) {
  if (tensor.is_complex()) return complex_elements(tensor, options);
  if (tensor.is_floating_point()) return float_elements(tensor, options);
  switch (tensor.scalar_type()) {
    case at::kBool:
      return exact_elements<bool>(tensor, at::kBool,
                                  [](bool value) { return value ? "True" : "False"; });
    case at::kUInt64:
      return exact_elements<uint64_t>(tensor, at::kUInt64,
                                      [](uint64_t value) { return std::to_string(value); });
    default:
      return exact_elements<int64_t>(tensor, at::kLong,
                                     [](int64_t value) { return std::to_string(value); });
  }
}

std::string general_format(double value) {
  return format_number(value, std::chars_format::general, 6);
}

}  // namespace torch_losses
