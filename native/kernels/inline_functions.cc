// Source of each formula: tools/autograd/derivatives.yaml and
// torch/csrc/autograd/FunctionsManual.cpp.
#include "kernels/inline_functions.h"

#include <ATen/core/Reduction.h>
#include <c10/core/SymIntArrayRef.h>
#include <c10/core/WrapDimMinimal.h>
#include <torch/csrc/autograd/generated/Functions.h>

#include <array>
#include <optional>
#include <typeinfo>

#include "bindings/torch_release.h"
#include "kernels/arithmetic.h"
#include "kernels/cross_entropy.h"
#include "kernels/ctc.h"
#include "kernels/direct.h"
#include "kernels/margins.h"
#include "kernels/small_layers.h"

namespace torch_losses {
namespace {

namespace op = arithmetic;
using namespace torch::autograd::generated;
using at::Tensor;
using torch::autograd::Node;
using torch::autograd::variable_list;

// --- one formula for each function, of a plain gradient; false where it does not hold ------------

// Of `self + alpha * other`; the gradient of a difference by `other` is the negative one.
template <typename Function>
bool apply_sum(Function& function, const Tensor& gradient, variable_list& results, bool negates) {
  if (!function.alpha.equal(1)) return false;
  if (function.should_compute_output(0)) results[0] = gradient;
  if (!function.should_compute_output(1)) return true;
  const Tensor by_other = negates ? op::dense(gradient) : gradient;
  if (negates && !op::is_small(by_other)) return false;
  results[1] = negates ? op::neg(by_other) : by_other;
  return true;
}

bool apply(AddBackward0& function, const Tensor& gradient, variable_list& results) {
  return apply_sum(function, gradient, results, false);
}

bool apply(SubBackward0& function, const Tensor& gradient, variable_list& results) {
  return apply_sum(function, gradient, results, true);
}

bool apply(AddBackward1&, const Tensor& gradient, variable_list& results) {
  results[0] = gradient;
  return true;
}

bool apply(SubBackward1&, const Tensor& gradient, variable_list& results) {
  results[0] = gradient;
  return true;
}

// The number of a tensor that python::wrapped made.
std::optional<op::Number> number_of(const Tensor& tensor) {
  if (!tensor.unsafeGetTensorImpl()->is_wrapped_number()) return std::nullopt;
  if (tensor.scalar_type() == at::kDouble) return op::Number{*tensor.const_data_ptr<double>()};
  if (tensor.scalar_type() == at::kLong) return op::Number{*tensor.const_data_ptr<int64_t>()};
  return std::nullopt;
}

bool multiply(const Tensor& given, const Tensor& factor, Tensor& result) {
  const Tensor gradient = op::dense(given);
  if (op::is_small(gradient, factor)) {
    result = op::mul(gradient, factor);
  } else if (const auto number = number_of(factor); number && op::is_small(gradient)) {
    result = op::mul(gradient, *number);
  }
  return result.defined();
}

bool apply(MulBackward0& function, const Tensor& gradient, variable_list& results) {
  return (!function.should_compute_output(0) ||
          multiply(gradient, function.other_.unpack(), results[0])) &&
         (!function.should_compute_output(1) ||
          multiply(gradient, function.self_.unpack(), results[1]));
}

bool apply(DivBackward0& function, const Tensor& gradient, variable_list& results) {
  const Tensor other = function.other_.unpack();
  if (const auto number = number_of(other); number && op::is_small(gradient)) {
    results[0] = op::div(gradient, *number);
    return !function.should_compute_output(1);
  }
  if (!op::is_small(gradient, other)) return false;
  if (function.should_compute_output(1)) {
    const Tensor self = function.self_.unpack();
    if (!op::is_small(gradient, self)) return false;
    results[1] = op::mul(op::neg(gradient), op::div(op::div(self, other), other));
  }
  if (function.should_compute_output(0)) results[0] = op::div(gradient, other);
  return true;
}

bool apply(NegBackward0&, const Tensor& given, variable_list& results) {
  const Tensor gradient = op::dense(given);
  if (!op::is_small(gradient)) return false;
  results[0] = op::neg(gradient);
  return true;
}

bool apply(AbsBackward0& function, const Tensor& given, variable_list& results) {
  const Tensor gradient = op::dense(given);
  const Tensor self = function.self_.unpack();
  if (!op::is_small(gradient, self)) return false;
  results[0] = op::mul(gradient, op::sgn(self));
  return true;
}

bool apply(PowBackward0& function, const Tensor& gradient, variable_list& results) {
  const Tensor self = function.self_.unpack();
  if (!function.exponent.equal(2) || !op::is_small(gradient, self)) return false;
  results[0] = op::mul(gradient, op::mul(self, op::Number{2}));
  return true;
}

bool apply(SqrtBackward0& function, const Tensor& gradient, variable_list& results) {
  const Tensor result = function.result_.unpack(function.getptr());
  if (!op::is_small(gradient, result)) return false;
  results[0] = op::div(gradient, op::mul(result, op::Number{2}));
  return true;
}

bool apply(ClampMinBackward0& function, const Tensor& gradient, variable_list& results) {
  const Tensor self = function.self_.unpack();
  if (!function.min.isIntegral(/*includeBool=*/false)) return false;
  if (!op::is_small(gradient, self)) return false;
  const int64_t min = function.min.toLong();
  results[0] =
      op::where(release::kBoundHasGradient ? op::ge(self, min) : op::gt(self, min), gradient);
  return true;
}

bool apply(WhereBackward0& function, const Tensor& gradient, variable_list& results) {
  const Tensor condition = function.condition_.unpack();
  const bool has_both = function.should_compute_output(0) && function.should_compute_output(1);
  if (has_both || !op::is_small(gradient) || condition.sizes() != gradient.sizes()) return false;
  if (!function.should_compute_output(0)) return false;
  results[0] = op::where(condition, gradient);
  return true;
}

bool apply(SumBackward0& function, const Tensor& gradient, variable_list& results) {
  const auto sizes = C10_AS_INTARRAYREF_SLOW(function.self_sym_sizes);
  results[0] = op::expand(gradient, sizes, std::nullopt);
  return true;
}

bool apply(SumBackward1& function, const Tensor& gradient, variable_list& results) {
  const auto sizes = C10_AS_INTARRAYREF_SLOW(function.self_sym_sizes);
  const auto& dims = function.dim.list;
  const bool is_along_one = !function.keepdim && !sizes.empty() && dims && dims->size() == 1;
  if (!is_along_one) return false;
  const auto rank = static_cast<int64_t>(sizes.size());
  results[0] = op::expand(gradient, sizes, c10::maybe_wrap_dim(dims->front(), rank));
  return true;
}

bool apply(MeanBackward0& function, const Tensor& gradient, variable_list& results) {
  results[0] = direct::mean_backward(gradient, C10_AS_INTARRAYREF_SLOW(function.self_sym_sizes));
  return true;
}

// Of whole losses; of their gradient itself, not one that is laid out otherwise.
bool is_of_loss(const Tensor& gradient, int64_t reduction) {
  return gradient.is_contiguous() && gradient.dim() == (reduction == at::Reduction::None ? 1 : 0);
}

bool apply(MultiMarginLossBackward0& function, const Tensor& gradient, variable_list& results) {
  const Tensor self = function.self_.unpack();
  const Tensor target = function.target_.unpack();
  const Tensor saved = function.weight_.unpack();
  const std::optional<Tensor> weight = saved.defined() ? std::optional(saved) : std::nullopt;
  const margins::MultiMargin loss{
      self, target, function.p.toLong(), function.margin.toDouble(), weight, function.reduction};
  if (!is_of_loss(gradient, loss.reduction) || !margins::takes(loss)) return false;
  results[0] = margins::multi_margin_backward(loss, gradient);
  return results[0].defined();
}

bool apply(MultilabelMarginLossBackward0& function, const Tensor& gradient,
           variable_list& results) {
  const Tensor self = function.self_.unpack();
  const Tensor target = function.target_.unpack();
  const margins::MultiLabelMargin loss{self, target, function.reduction};
  if (!is_of_loss(gradient, loss.reduction) || !margins::takes(loss)) return false;
  results[0] = margins::multilabel_margin_backward(loss, gradient);
  return results[0].defined();
}

bool apply(CtcLossBackward0& function, const Tensor& gradient, variable_list& results) {
  const Tensor log_probs = function.log_probs_.unpack();
  const Tensor targets = function.targets_.unpack();
  const ctc::Result result{function.result0_.unpack(function.getptr()),
                           function.result1_.unpack(function.getptr())};
  const ctc::Problem problem{log_probs,
                             targets,
                             function.input_lengths,
                             function.target_lengths,
                             function.blank,
                             function.zero_infinity};
  const bool is_of_losses = plain::is_plain(gradient, log_probs, result.losses, result.log_alpha) &&
                            gradient.dim() == 1 && result.log_alpha.is_contiguous();
  if (!is_of_losses || !ctc::takes(problem)) return false;
  results[0] = ctc::backward(gradient, problem, result);
  return results[0].defined();
}

bool apply(NllLossBackward0& function, LogSoftmaxBackward0& next, const Tensor& gradient,
           variable_list& results) {
  const Tensor self = function.self_.unpack();
  const Tensor target = function.target_.unpack();
  const Tensor saved = function.weight_.unpack();
  const Tensor total_weight = function.total_weight_.unpack(function.getptr());
  const Tensor result = next.result_.unpack(next.getptr());
  const std::optional<Tensor> weight = saved.defined() ? std::optional(saved) : std::nullopt;
  const cross_entropy::Loss loss{target, weight, function.reduction,
                                 function.ignore_index.guard_int(__FILE__, __LINE__)};
  if (!is_of_loss(gradient, loss.reduction) || !cross_entropy::takes(result, loss)) return false;
  const bool is_of_rows = self.const_data_ptr() == result.const_data_ptr() &&
                          self.sizes() == result.sizes() && self.is_contiguous() &&
                          c10::maybe_wrap_dim(next.dim, 2) == 1;
  if (!is_of_rows || next.self_scalar_type != at::kFloat) return false;
  results[0] = cross_entropy::backward(gradient, result, loss, total_weight);
  return results[0].defined();
}

bool apply(MmBackward0& function, const Tensor& gradient, variable_list& results) {
  return small_layers::apply(function, gradient, results);
}

// --- which formula is whose ----------------------------------------------------------------------

struct Entry {
  const std::type_info* function;
  bool (*apply)(Node&, const Tensor&, variable_list&);
};

template <typename Function>
Entry entry() {
  return {&typeid(Function), [](Node& function, const Tensor& gradient, variable_list& results) {
            return apply(static_cast<Function&>(function), gradient, results);
          }};
}

template <typename... Functions>
const auto& entries_of() {
  static const std::array entries{entry<Functions>()...};
  return entries;
}

}  // namespace

bool apply_inline(Node& function, const Tensor& gradient, variable_list& results) {
  if (!gradient.defined() || !plain::is_plain(gradient)) return false;
  const auto& entries =
      entries_of<AbsBackward0, AddBackward0, AddBackward1, ClampMinBackward0, CtcLossBackward0,
                 DivBackward0, MeanBackward0, MmBackward0, MulBackward0, MultiMarginLossBackward0,
                 margins::MultiLabelMarginFunction, MultilabelMarginLossBackward0, NegBackward0,
                 PowBackward0, SqrtBackward0, SubBackward0, SubBackward1, SumBackward0,
                 SumBackward1, WhereBackward0>();
  // By address: comparing types takes as long as a small formula.
  const std::type_info* type = &typeid(function);
  for (const Entry& entry : entries) {
    if (entry.function != type) continue;
    results.resize(function.num_outputs());
    return entry.apply(function, gradient, results);
  }
  return false;
}

bool apply_inline(Node& function, Node& next, const Tensor& gradient, variable_list& results) {
  if (typeid(function) != typeid(NllLossBackward0) || typeid(next) != typeid(LogSoftmaxBackward0)) {
    return false;
  }
  if (!gradient.defined() || !plain::is_plain(gradient)) return false;
  results.resize(next.num_outputs());
  return apply(static_cast<NllLossBackward0&>(function), static_cast<LogSoftmaxBackward0&>(next),
               gradient, results);
}

}  // namespace torch_losses
