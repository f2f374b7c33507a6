// Losses of a predicted number or distribution against a number.
// Source: torch/nn/functional.py of torch 2.13, lines 3241-3392 and 4010-4320.
#include <ATen/core/Reduction.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/add.h>
#include <ATen/ops/any.h>
#include <ATen/ops/broadcast_tensors.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/clone.h>
#include <ATen/ops/div.h>
#include <ATen/ops/huber_loss.h>
#include <ATen/ops/l1_loss.h>
#include <ATen/ops/log.h>
#include <ATen/ops/lt.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/poisson_nll_loss.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/smooth_l1_loss.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/unsqueeze.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <numbers>
#include <string>
#include <utility>

#include "bindings/python.h"
#include "bindings/warnings.h"
#include "losses/losses.h"

// C++ may evaluate the operands of a call in any order, and autograd sums gradients in the order in
// which operations were recorded. So an operand that is itself a tensor expression gets a name.

namespace torch_losses::losses {
namespace {

void warn_if_sizes_differ(const at::Tensor& input, const at::Tensor& target) {
  if (target.sizes() == input.sizes()) return;
  warn({WarningCategory::User, WarningOrigin::Caller,
        "Using a target size (" + python::repr_size(target.sizes()) +
            ") that is different to the input size (" + python::repr_size(input.sizes()) +
            "). This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size."});
}

// Computes torch.broadcast_tensors, which returns tensors of equal sizes as they are.
std::pair<at::Tensor, at::Tensor> broadcast(const at::Tensor& input, const at::Tensor& target) {
  if (input.sizes() == target.sizes()) return {input, target};
  auto expanded = at::broadcast_tensors({input, target});
  return {std::move(expanded[0]), std::move(expanded[1])};
}

void check_weight_size(const at::Tensor& weight, const at::Tensor& input) {
  TORCH_CHECK_VALUE(weight.sizes() == input.sizes(), "Weights and input must have the same size.");
}

void check_weighted_mode(std::string_view mode) {
  TORCH_CHECK_VALUE(is_mean_sum_or_none(mode), "Invalid reduction mode: ", mode,
                    ". Expected one of 'none', 'mean', 'sum'.");
}

// Reduces a weighted loss. The mean divides by the sum of weights (huber_loss divides by the number
// of elements).
at::Tensor reduce_by_weight(const at::Tensor& loss, const at::Tensor& weight,
                            std::string_view mode) {
  check_weighted_mode(mode);
  if (mode != "mean") return reduce(loss, mode);
  const at::Tensor total = at::sum(loss);
  return at::div(total, at::sum(weight));
}

void check_variance(bool has_negative) {
  TORCH_CHECK_VALUE(!has_negative, "var has negative entry/entries");
}

at::Tensor variance_tensor(const Variance& var, const at::Tensor& input) {
  if (const double* number = std::get_if<double>(&var)) {
    check_variance(*number < 0);
    return at::mul(at::ones_like(input), python::wrapped(*number));
  }
  const at::Tensor& tensor = std::get<at::Tensor>(var);
  check_variance(at::any(at::lt(tensor, 0)).item<bool>());
  return tensor;
}

// Returns whether the ranks are equal and the differing sizes of `var` sum to 1: one dimension of
// size 1.
bool is_broadcast_in_one_dimension(at::IntArrayRef var, at::IntArrayRef input) {
  if (var.size() != input.size()) return false;
  int64_t sum = 0;
  for (size_t i = 0; i < var.size(); ++i) {
    if (var[i] != input[i]) sum += var[i];
  }
  return sum == 1;
}

// Adds a last dimension to `var` where it has one variance for each row.
at::Tensor fit_variance(at::Tensor var, const at::Tensor& input) {
  const at::IntArrayRef sizes = input.sizes();
  if (var.sizes() == sizes) return var;
  if (!sizes.empty() && sizes.slice(0, sizes.size() - 1) == var.sizes()) {
    return at::unsqueeze(var, -1);
  }
  TORCH_CHECK_VALUE(is_broadcast_in_one_dimension(var.sizes(), sizes), "var is of incorrect size");
  return var;
}

}  // namespace

at::Tensor poisson_nll_loss(const at::Tensor& input, const at::Tensor& target, bool log_input,
                            bool full, double eps, const Reduction& reduction) {
  const std::string mode = resolve(reduction);
  // Python checks the name before get_enum, so 'elementwise_mean' is unknown here.
  TORCH_CHECK_VALUE(is_mean_sum_or_none(mode), mode, " is not a valid value for reduction");
  return at::poisson_nll_loss(input, target, log_input, full, eps, get_enum(mode));
}

at::Tensor gaussian_nll_loss(const at::Tensor& input, const at::Tensor& target, const Variance& var,
                             bool full, double eps, const Reduction& reduction) {
  at::Tensor variance = fit_variance(variance_tensor(var, input), input);
  TORCH_CHECK_VALUE(is_mean_sum_or_none(reduction.text), reduction.text, " is not valid");
  variance = at::clone(variance);
  {
    const c10::NoGradGuard no_grad;
    at::clamp_(variance, eps);
  }
  const at::Tensor log_variance = at::log(variance);
  const at::Tensor squared_error = at::pow(at::sub(input, target), 2);
  const at::Tensor sum = at::add(log_variance, at::div(squared_error, variance));
  at::Tensor loss = at::mul(sum, python::wrapped(0.5));
  if (full) loss.add_(python::wrapped(0.5 * std::log(2 * std::numbers::pi)));
  return reduce(loss, reduction.text);
}

at::Tensor smooth_l1_loss(const at::Tensor& input, const at::Tensor& target,
                          const Reduction& reduction, double beta) {
  warn_if_sizes_differ(input, target);
  const std::string mode = resolve(reduction);
  const auto [expanded_input, expanded_target] = broadcast(input, target);
  // l1_loss is called instead of smooth_l1_loss with beta 0, because their gradients differ where
  // input equals target.
  if (beta == 0.0) return at::l1_loss(expanded_input, expanded_target, get_enum(mode));
  return at::smooth_l1_loss(expanded_input, expanded_target, get_enum(mode), beta);
}

at::Tensor huber_loss(const at::Tensor& input, const at::Tensor& target, const Reduction& reduction,
                      double delta, const OptionalTensor& weight) {
  warn_if_sizes_differ(input, target);
  const auto [expanded_input, expanded_target] = broadcast(input, target);
  if (!weight) {
    return at::huber_loss(expanded_input, expanded_target, get_enum(reduction.text), delta);
  }
  check_weight_size(*weight, input);
  const at::Tensor loss =
      at::huber_loss(expanded_input, expanded_target, at::Reduction::None, delta);
  const at::Tensor weighted = at::mul(loss, *weight);
  check_weighted_mode(reduction.text);
  return reduce(weighted, reduction.text);
}

at::Tensor l1_loss(const at::Tensor& input, const at::Tensor& target, const Reduction& reduction,
                   const OptionalTensor& weight) {
  warn_if_sizes_differ(input, target);
  const std::string mode = resolve(reduction);
  const auto [expanded_input, expanded_target] = broadcast(input, target);
  if (!weight) return at::l1_loss(expanded_input, expanded_target, get_enum(mode));
  check_weight_size(*weight, input);
  const at::Tensor distance = at::abs(at::sub(expanded_input, expanded_target));
  return reduce_by_weight(at::mul(distance, *weight), *weight, mode);
}

at::Tensor mse_loss(const at::Tensor& input, const at::Tensor& target, const Reduction& reduction,
                    const OptionalTensor& weight) {
  warn_if_sizes_differ(input, target);
  const std::string mode = resolve(reduction);
  const auto [expanded_input, expanded_target] = broadcast(input, target);
  if (!weight) return at::mse_loss(expanded_input, expanded_target, get_enum(mode));
  check_weight_size(*weight, input);
  const at::Tensor squared_errors = at::pow(at::sub(expanded_input, expanded_target), 2);
  return reduce_by_weight(at::mul(squared_errors, *weight), *weight, mode);
}

}  // namespace torch_losses::losses
