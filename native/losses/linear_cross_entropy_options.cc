#include "losses/linear_cross_entropy_options.h"

#include <ATen/Context.h>
#include <c10/util/Exception.h>
#include <c10/util/safe_numerics.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>
#include <string_view>

#include "bindings/dtype_names.h"
#include "bindings/errors.h"
#include "bindings/torch_release.h"
#include "operators/cuda_driver.h"

namespace torch_losses::losses {
namespace {

constexpr std::string_view kAuto = "auto";

// CPUs multiply half precision slowly, so as much as possible is computed in float32 there.
bool is_slow(const std::optional<at::Device>& device, at::ScalarType dtype) {
  return device && device->is_cpu() && at::isReducedFloatingType(dtype);
}

// Returns float32 for half precision on hardware that multiplies it into float32.
std::optional<at::ScalarType> auto_acc_dtype(at::ScalarType dtype,
                                             const std::optional<at::Device>& device) {
  if (!device || !at::isReducedFloatingType(dtype)) return std::nullopt;
  if (device->is_cpu()) return at::kFloat;
  if (!device->is_cuda() || !at::globalContext().hasCUDA()) return std::nullopt;
  const int needed = dtype == at::kBFloat16 ? 8 : 7;
  const at::DeviceIndex index = device->has_index() ? device->index() : at::DeviceIndex{0};
  if (cuda_capability_major(index) < needed) return std::nullopt;
  return at::kFloat;
}

int64_t ceil_div(int64_t dividend, int64_t divisor) {
  if (divisor == 0) {
    throw PythonError("ZeroDivisionError", "integer division or modulo by zero");
  }
  return (dividend + divisor - 1) / divisor;
}

// Returns the N of "aspect_ratio:N", or 1 without a number. A number that does not fit counts as
// larger than any size.
int64_t factor_of(std::string_view method) {
  const size_t colon = method.find(':');
  if (colon == std::string_view::npos) return 1;
  const std::string_view digits = method.substr(colon + 1);
  int64_t factor = 1;
  const auto result = std::from_chars(digits.begin(), digits.end(), factor);
  return result.ec == std::errc::result_out_of_range ? std::numeric_limits<int64_t>::max() : factor;
}

// Returns the number of rows whose logits take the memory of the whole input, rounded up to a power
// of two, and divided by the factor.
int64_t rows_by_aspect_ratio(std::string_view method, int64_t num_batches, int64_t in_features,
                             int64_t num_classes) {
  const int64_t ratio = ceil_div(num_classes, in_features);
  const int64_t target = ceil_div(num_batches, ratio);
  // Python's (target - 1).bit_length() is 1 for a target of 0.
  const auto rows =
      target == 0 ? int64_t{2} : static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(target)));
  return std::min(rows / factor_of(method), num_batches);
}

// Returns the largest power of two for which the chunks take no more memory than the whole batch.
int64_t rows_by_memory(int64_t num_batches, int64_t in_features, int64_t num_classes,
                       bool has_probabilities) {
  int64_t logits = 0;
  if (c10::mul_overflows(num_batches, num_classes, &logits)) {
    logits = std::numeric_limits<int64_t>::max();
  }
  const int64_t rows = has_probabilities ? num_batches / 2 : logits / (4 * in_features);
  return rows < 1 ? 1 : static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(rows)));
}

void check_acc_dtype(at::ScalarType dtype) {
  TORCH_CHECK_VALUE(at::isReducedFloatingType(dtype) || dtype == at::kFloat || dtype == at::kDouble,
                    "acc_dtype must be one of {None, torch.float16, torch.bfloat16, torch.float32, "
                    "torch.float64}, got ",
                    dtype_repr(dtype), ". Pass acc_dtype=None to let the op pick automatically.");
}

}  // namespace

LinearCrossEntropyOptions adjust(const LinearCrossEntropyOptions& options, int64_t num_batches,
                                 int64_t in_features, int64_t num_classes, at::ScalarType dtype,
                                 const std::optional<at::Device>& device, bool has_probabilities) {
  LinearCrossEntropyOptions adjusted = options;
  if (options.acc_policy == kAuto) {
    adjusted.acc_policy = is_slow(device, dtype) ? "accurate" : "compact";
  }
  if (options.chunking_method == kAuto) {
    // A given size replaces the heuristic.
    adjusted.chunking_method.reset();
    const bool halves = !release::kCapsAutoChunks && !is_slow(device, dtype);
    if (!options.batch_chunk_size) {
      adjusted.chunking_method = halves ? "aspect_ratio:2" : "aspect_ratio";
    }
  }

  int64_t rows = std::min(options.batch_chunk_size.value_or(num_batches), num_batches);
  if (adjusted.chunking_method) {
    rows = rows_by_aspect_ratio(*adjusted.chunking_method, num_batches, in_features, num_classes);
    if (release::kCapsAutoChunks && options.chunking_method == kAuto &&
        adjusted.acc_policy == "compact") {
      const int64_t most = rows_by_memory(num_batches, in_features, num_classes, has_probabilities);
      rows = std::max<int64_t>(1, std::min(rows, most));
    }
    TORCH_CHECK_VALUE(!options.batch_chunk_size || *options.batch_chunk_size == rows,
                      "batch_chunk_size (=", *options.batch_chunk_size, ") and chunking_method ('",
                      *adjusted.chunking_method, "') give different chunk sizes (",
                      *options.batch_chunk_size, " vs ", rows, "); pass only one.");
  }
  adjusted.batch_chunk_size = std::max<int64_t>(1, rows);

  if (!options.acc_dtype) {
    const bool is_auto = options.acc_policy == kAuto;
    adjusted.acc_dtype = (is_auto ? auto_acc_dtype(dtype, device) : std::nullopt).value_or(dtype);
  }
  check_acc_dtype(*adjusted.acc_dtype);
  return adjusted;
}

}  // namespace torch_losses::losses
