// Source: torch/nn/_reduction.py.
#include "losses/reduction.h"

#include <ATen/core/Reduction.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/sum.h>
#include <c10/util/Exception.h>

#include "bindings/warnings.h"

namespace torch_losses {

int64_t get_enum(std::string_view reduction) {
  if (reduction == "none") return at::Reduction::None;
  if (reduction == "mean") return at::Reduction::Mean;
  if (reduction == "sum") return at::Reduction::Sum;
  if (reduction == "elementwise_mean") {
    warn({WarningCategory::User, WarningOrigin::Torch,
          "reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead."});
    return at::Reduction::Mean;
  }
  C10_THROW_ERROR(ValueError, c10::str(reduction, " is not a valid value for reduction"));
}

std::string legacy_get_string(const Reduction& reduction) {
  std::string name(reduction.legacy.value());
  warn({WarningCategory::User, WarningOrigin::Torch,
        "size_average and reduce args will be deprecated, please use reduction='" + name +
            "' instead."});
  return name;
}

std::string resolve(const Reduction& reduction) {
  return reduction.legacy ? legacy_get_string(reduction) : reduction.text;
}

bool is_mean_sum_or_none(std::string_view reduction) {
  return reduction == "mean" || reduction == "sum" || reduction == "none";
}

at::Tensor reduce(const at::Tensor& loss, std::string_view reduction) {
  if (reduction == "mean") return at::mean(loss);
  if (reduction == "sum") return at::sum(loss);
  return loss;
}

}  // namespace torch_losses
