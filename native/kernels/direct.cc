// Source of the arithmetic: ATen/native/Loss.cpp and ReduceOps.cpp.
#include "kernels/direct.h"

#include <ATen/core/Reduction.h>
#include <ATen/ops/binary_cross_entropy.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/ctc_loss.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/full.h>
#include <ATen/ops/huber_loss.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/multi_margin_loss.h>
#include <ATen/ops/multilabel_margin_loss.h>
#include <ATen/ops/smooth_l1_loss.h>
#include <ATen/ops/soft_margin_loss.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <c10/util/accumulate.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "kernels/arithmetic.h"
#include "kernels/cross_entropy.h"
#include "kernels/margins.h"
#include "kernels/plain.h"
#include "kernels/records.h"
#include "kernels/single_pass.h"
#include "losses/snapshot.h"

namespace torch_losses::direct {
namespace {

namespace functions = plain::functions;
using plain::empty;
using plain::is_plain;
using plain::record;
using plain::saved;
using plain::with_type_of;
using single_pass::reduced;

// Bytes: below, new memory costs more than it saves.
constexpr size_t kWorthCompacting = 1 << 16;

// The same tensor, in memory of its own size, where a kernel reduced into memory for all elements.
at::Tensor compact(at::Tensor loss) {
  const size_t needed = loss.nbytes();
  if (!loss.is_cpu() || loss.storage().nbytes() < needed + kWorthCompacting) return loss;
  c10::Storage storage(c10::Storage::use_byte_size_t(), needed, loss.storage().allocator(), true);
  std::memcpy(storage.mutable_data(), loss.const_data_ptr(), needed);
  loss.unsafeGetTensorImpl()->set_storage_keep_dtype(std::move(storage));
  return loss;
}

at::Tensor sum_of(const at::Tensor& tensor) {
  at::Tensor sum;
  if (single_pass::is_dense(tensor)) sum = single_pass::sum(tensor);
  return sum.defined() ? sum : at::sum(tensor);
}

constexpr auto kNoPass = [] { return at::Tensor(); };

// A sum of single_pass.h, undefined where it does not take these operands.
template <typename Sum, typename... Numbers>
at::Tensor in_one_pass(Sum sum, const at::Tensor& self, const at::Tensor& target,
                       Numbers... numbers) {
  if (!single_pass::is_dense(self, target)) return {};
  return sum(self, target, numbers...);
}

// A loss whose function saves `self`, `target`, the reduction, and what `save` adds. It has a
// gradient by the `differentiable` ones. `pass` gives its sum in a single pass, where there is one
// for these operands; `compute` gives the loss of each element.
template <typename Function, typename Pass, typename Compute, typename Save,
          typename... Differentiable>
at::Tensor loss_of(const at::Tensor& self, const at::Tensor& target, int64_t reduction, Pass pass,
                   Compute compute, Save save, const Differentiable&... differentiable) {
  const at::Tensor result = [&] {
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    if (at::Tensor sum = pass(); sum.defined()) return reduced(sum, self.numel(), reduction);
    const at::Tensor losses = compute();
    return reduced(sum_of(losses), losses.numel(), reduction);
  }();
  if (auto* function = record<Function>(result, differentiable...)) {
    function->reduction = reduction;
    function->self_ = saved(self);
    function->target_ = saved(target);
    save(*function);
  }
  return result;
}

// The mean or the sum of a plain tensor's elements, recorded.
at::Tensor reduction_of(const at::Tensor& self, int64_t reduction) {
  const at::Tensor result = [&] {
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    return reduced(sum_of(self), self.numel(), reduction);
  }();
  records::reduction(result, self, reduction);
  return result;
}

constexpr auto kNothingMore = [](const auto&) {};

// libtorch refuses to differentiate by it, or it is not there.
bool is_constant(const std::optional<at::Tensor>& tensor, const at::Tensor& self) {
  return !tensor || (!tensor->requires_grad() && is_plain(self, *tensor));
}

}  // namespace

at::Tensor mean(const at::Tensor& self) {
  return is_plain(self) ? reduction_of(self, at::Reduction::Mean) : at::mean(self);
}

at::Tensor sum(const at::Tensor& self) {
  return is_plain(self) ? reduction_of(self, at::Reduction::Sum) : at::sum(self);
}

at::Tensor mean_backward(const at::Tensor& gradient, at::IntArrayRef sizes) {
  const int64_t elements = c10::multiply_integers(sizes);
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  double share = 0;
  with_type_of(gradient, [&]<typename T>(T) {
    share = *gradient.const_data_ptr<T>() / static_cast<T>(elements);
  });
  return at::full(sizes, share, gradient.options());
}

at::Tensor mse_loss(const at::Tensor& self, const at::Tensor& target, int64_t reduction) {
  if (reduction == at::Reduction::None || !is_plain(self, target)) {
    return compact(at::mse_loss(self, target, reduction));
  }
  return loss_of<functions::MseLossBackward0>(
      self, target, reduction,
      [&] { return in_one_pass(single_pass::squared_error, self, target); },
      [&] { return at::mse_loss(self, target, at::Reduction::None); }, kNothingMore, self, target);
}

at::Tensor smooth_l1_loss(const at::Tensor& self, const at::Tensor& target, int64_t reduction,
                          double beta) {
  if (reduction == at::Reduction::None || !is_plain(self, target)) {
    return compact(at::smooth_l1_loss(self, target, reduction, beta));
  }
  return loss_of<functions::SmoothL1LossBackward0>(
      self, target, reduction,
      [&] {
        return beta > 0 ? in_one_pass(single_pass::smooth_l1, self, target, beta) : at::Tensor();
      },
      [&] { return at::smooth_l1_loss(self, target, at::Reduction::None, beta); },
      [&](auto& function) { function.beta = beta; }, self, target);
}

at::Tensor huber_loss(const at::Tensor& self, const at::Tensor& target, int64_t reduction,
                      double delta) {
  if (reduction == at::Reduction::None || !is_plain(self, target)) {
    return at::huber_loss(self, target, reduction, delta);
  }
  return loss_of<functions::HuberLossBackward0>(
      self, target, reduction,
      [&] {
        return delta > 0 ? in_one_pass(single_pass::huber, self, target, delta) : at::Tensor();
      },
      [&] { return at::huber_loss(self, target, at::Reduction::None, delta); },
      [&](auto& function) { function.delta = delta; }, self, target);
}

at::Tensor soft_margin_loss(const at::Tensor& self, const at::Tensor& target, int64_t reduction) {
  if (reduction == at::Reduction::None || !is_constant(target, self)) {
    return compact(at::soft_margin_loss(self, target, reduction));
  }
  return loss_of<functions::SoftMarginLossBackward0>(
      self, target, reduction, kNoPass,
      [&] { return at::soft_margin_loss(self, target, at::Reduction::None); }, kNothingMore, self);
}

at::Tensor binary_cross_entropy(const at::Tensor& self, const at::Tensor& target,
                                const std::optional<at::Tensor>& weight, int64_t reduction) {
  if (reduction == at::Reduction::None || !is_plain(self, target) || !is_constant(weight, self)) {
    return compact(at::binary_cross_entropy(self, target, weight, reduction));
  }
  return loss_of<functions::BinaryCrossEntropyBackward0>(
      self, target, reduction, kNoPass,
      [&] { return at::binary_cross_entropy(self, target, weight, at::Reduction::None); },
      [&](auto& function) { function.weight_ = saved(weight); }, self, target);
}

at::Tensor binary_cross_entropy_with_logits(const at::Tensor& self, const at::Tensor& target,
                                            const std::optional<at::Tensor>& weight,
                                            const std::optional<at::Tensor>& pos_weight,
                                            int64_t reduction) {
  const bool is_direct = reduction != at::Reduction::None && is_plain(self, target) &&
                         is_constant(weight, self) && is_constant(pos_weight, self);
  if (!is_direct) {
    return at::binary_cross_entropy_with_logits(self, target, weight, pos_weight, reduction);
  }
  return loss_of<functions::BinaryCrossEntropyWithLogitsBackward0>(
      self, target, reduction, kNoPass,
      [&] {
        return at::binary_cross_entropy_with_logits(self, target, weight, pos_weight,
                                                    at::Reduction::None);
      },
      [&](auto& function) {
        function.weight_ = saved(weight);
        function.pos_weight_ = saved(pos_weight);
      },
      self, target);
}

at::Tensor ctc_loss(const ctc::Problem& problem, int64_t reduction) {
  const auto& [log_probs, targets, input_lengths, target_lengths, blank, zero_infinity] = problem;
  auto [losses, log_alpha] = ctc::forward(problem);
  if (!losses.defined()) {
    return at::ctc_loss(log_probs, targets, input_lengths, target_lengths, blank, reduction,
                        zero_infinity);
  }
  records::ctc_loss(losses, log_probs, targets, input_lengths, target_lengths, blank, zero_infinity,
                    log_alpha);
  if (zero_infinity) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    losses = at::where(at::eq(losses, kInfinity), at::zeros({}, losses.options()), losses);
  }
  if (reduction == at::Reduction::None) return losses;
  if (reduction == at::Reduction::Sum) return direct::sum(losses);
  const at::Tensor divisors = empty(losses.sizes(), losses.scalar_type());
  with_type_of(divisors, [&]<typename T>(T) {
    std::ranges::transform(target_lengths, divisors.mutable_data_ptr<T>(), [](int64_t length) {
      return static_cast<T>(std::max<int64_t>(length, 1));
    });
  });
  return direct::mean(arithmetic::div(losses, divisors));
}

at::Tensor cross_entropy_loss(const at::Tensor& self, const at::Tensor& target,
                              const std::optional<at::Tensor>& weight, int64_t reduction,
                              int64_t ignore_index, double label_smoothing) {
  const cross_entropy::Loss loss{target, weight, reduction, ignore_index};
  cross_entropy::Result result;
  if (!(label_smoothing > 0) && is_constant(weight, self) && cross_entropy::takes(self, loss)) {
    result = cross_entropy::forward(self, loss, plain::is_recorded(self));
  }
  if (!result.loss.defined()) {
    return at::cross_entropy_loss(self, target, weight, reduction, ignore_index, label_smoothing);
  }
  if (result.log_probabilities.defined()) {
    records::log_softmax(result.log_probabilities, self, 1);
    records::nll_loss(result.loss, result.log_probabilities, target, weight, reduction,
                      ignore_index, result.total_weight);
  }
  return result.loss;
}

at::Tensor multi_margin_loss(const at::Tensor& self, const at::Tensor& target, int64_t p,
                             double margin, const std::optional<at::Tensor>& weight,
                             int64_t reduction) {
  const margins::MultiMargin loss{self, target, p, margin, weight, reduction};
  at::Tensor result;
  if (is_constant(weight, self) && margins::takes(loss)) result = margins::multi_margin(loss);
  if (!result.defined()) {
    return at::multi_margin_loss(self, target, p, margin, weight, reduction);
  }
  if (auto* function = record<functions::MultiMarginLossBackward0>(result, self)) {
    function->margin = margin;
    function->p = p;
    function->reduction = reduction;
    function->self_ = saved(self);
    function->target_ = saved(target);
    function->weight_ = saved(weight);
  }
  return result;
}

at::Tensor multilabel_margin_loss(const at::Tensor& self, const at::Tensor& target,
                                  int64_t reduction) {
  const margins::MultiLabelMargin loss{self, target, reduction};
  at::Tensor is_target;
  at::Tensor result;
  if (margins::takes(loss)) result = margins::multilabel_margin(loss, is_target);
  if (!result.defined()) {
    return at::multilabel_margin_loss(self, own_copy(target), reduction);
  }
  if (auto* function = record<margins::MultiLabelMarginFunction>(result, self)) {
    function->reduction = reduction;
    function->self_ = saved(self);
    function->target_ = saved(target);
    function->is_target_ = plain::saved_result(is_target);
  }
  return result;
}

}  // namespace torch_losses::direct
