// Losses that libtorch puts together from operators: reduced, in one pass over the operands, where
// all steps are elementary; else, of small tensors, the same steps from arithmetic.h.
//
// The order in which functions are recorded is the order in which autograd adds gradients up. It is
// that of libtorch's code as its compiler evaluates it: of the operands of `-`, the right one
// first.
//
// Source: ATen/native/Loss.cpp and Distance.cpp of torch 2.13.
#include <ATen/core/Reduction.h>
#include <ATen/ops/clone.h>
#include <ATen/ops/cosine_embedding_loss.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/hinge_embedding_loss.h>
#include <ATen/ops/kl_div.h>
#include <ATen/ops/l1_loss.h>
#include <ATen/ops/log.h>
#include <ATen/ops/margin_ranking_loss.h>
#include <ATen/ops/pairwise_distance.h>
#include <ATen/ops/poisson_nll_loss.h>
#include <ATen/ops/triplet_margin_loss.h>
#include <ATen/ops/xlogy.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <utility>

#include "bindings/python.h"
#include "kernels/arithmetic.h"
#include "kernels/direct.h"
#include "kernels/records.h"
#include "kernels/single_pass.h"
#include "losses/reduction.h"

namespace torch_losses::direct {
namespace {

namespace op = arithmetic;

constexpr auto kNone = at::Reduction::None;

// One number for each row of `input`, or for the only one.
bool is_of_rows(const at::Tensor& target, const at::Tensor& input) {
  return plain::is_undisguised(target) && target.dim() <= 1 && target.dim() + 1 == input.dim() &&
         target.sizes() == input.sizes().slice(0, target.dim());
}

// The products of rows, summed up.
at::Tensor dot(const at::Tensor& self, const at::Tensor& other, int64_t dim) {
  // Of a single row, libtorch divides the sum among its threads.
  if (self.dim() == 2 && dim == 1 && self.size(0) > 1 && single_pass::is_dense(self, other)) {
    const at::Tensor sums = single_pass::sums_of_products(self, other);
    if (sums.defined()) {
      if (plain::is_recorded(self, other)) {
        const at::Tensor product = records::shell(self);
        records::mul(product, self, other);
        records::sum(sums, product, dim);
      }
      return sums;
    }
  }
  return op::sum(op::mul(self, other), dim);
}

at::Tensor magnitude_square(const at::Tensor& input, int64_t dim) {
  constexpr float kEpsilon = 1e-12F;
  return op::add(dot(input, input, dim), kEpsilon);
}

at::Tensor shifted_difference(const at::Tensor& left, const at::Tensor& right, double shift) {
  if (single_pass::is_dense(left, right)) {
    const at::Tensor shifted = single_pass::shifted_difference(left, right, shift);
    if (shifted.defined()) {
      if (plain::is_recorded(left, right)) {
        const at::Tensor difference = records::shell(left);
        records::sub(difference, left, right);
        records::add_scalar(shifted, difference);
      }
      return shifted;
    }
  }
  return op::add(op::sub(left, right), shift);
}

at::Tensor distance(const at::Tensor& left, const at::Tensor& right, double p, double eps) {
  return op::norm(shifted_difference(left, right, eps), p, left.dim() - 1);
}

// Whether to take the steps here: libtorch's own function takes the same, each on its own.
template <typename... Tensors>
bool is_stepwise(const at::Tensor& self, const Tensors&... others) {
  return op::is_small(self, others...) || single_pass::is_dense(self, others...);
}

// --- losses in one pass: undefined where there is none for these operands ------------------------

// The reduction of a loss whose elements add up to `sum`; `record` records the steps up to the
// elements, and gives a shell of them.
template <typename Record>
at::Tensor reduced(at::Tensor sum, int64_t elements, int64_t reduction, bool is_recorded,
                   Record record) {
  if (!sum.defined()) return sum;
  sum = single_pass::reduced(std::move(sum), elements, reduction);
  if (is_recorded) records::reduction(sum, record(), reduction);
  return sum;
}

at::Tensor l1_in_one_pass(const at::Tensor& self, const at::Tensor& target, int64_t reduction) {
  if (reduction == kNone || !single_pass::is_dense(self, target)) return {};
  at::Tensor difference;
  const bool is_recorded = plain::is_recorded(self, target);
  const at::Tensor sum =
      single_pass::absolute_error(self, target, is_recorded ? &difference : nullptr);
  return reduced(sum, self.numel(), reduction, is_recorded, [&] {
    records::sub(difference, self, target);
    const at::Tensor loss = records::shell(self);
    records::abs(loss, difference);
    return loss;
  });
}

// `minuend()` less `target * self`.
template <typename Minuend>
at::Tensor less_product_in_one_pass(const at::Tensor& self, const at::Tensor& target,
                                    int64_t reduction, Minuend minuend) {
  if (reduction == kNone || !single_pass::is_dense(self, target)) return {};
  const bool is_recorded = plain::is_recorded(self, target);
  at::Tensor product;
  if (is_recorded) {
    product = records::shell(self);
    records::mul(product, target, self);
  }
  const at::Tensor from = minuend();
  const at::Tensor sum = single_pass::less_product(from, target, self);
  return reduced(sum, self.numel(), reduction, is_recorded, [&] {
    const at::Tensor loss = records::shell(self);
    records::sub(loss, from, product);
    return loss;
  });
}

at::Tensor gaussian_nll_in_one_pass(const at::Tensor& self, const at::Tensor& target,
                                    const at::Tensor& variance, int64_t reduction) {
  if (reduction == kNone || !single_pass::is_dense(self, target, variance)) return {};
  const bool has_error = plain::is_recorded(self, target);
  const bool has_variance = plain::is_recorded(variance);
  const at::Tensor log_variance = at::log(variance);
  at::Tensor error;
  at::Tensor square;
  const at::Tensor sum =
      single_pass::gaussian_nll(self, target, variance, log_variance, has_error ? &error : nullptr,
                                has_variance ? &square : nullptr);
  return reduced(sum, self.numel(), reduction, has_error || has_variance, [&] {
    if (!error.defined()) error = records::shell(self);
    if (!square.defined()) square = records::shell(self);
    records::sub(error, self, target);
    records::square(square, error);
    const at::Tensor scaled = records::shell(self);
    records::div(scaled, square, variance);
    const at::Tensor doubled = records::shell(self);
    records::add(doubled, log_variance, scaled);
    const at::Tensor loss = records::shell(self);
    records::mul(loss, doubled, python::wrapped(0.5));
    return loss;
  });
}

at::Tensor margin_ranking_in_one_pass(const at::Tensor& input1, const at::Tensor& input2,
                                      const at::Tensor& target, double margin, int64_t reduction) {
  if (reduction == kNone || !single_pass::is_dense(input1, input2, target)) return {};
  const bool by_inputs = plain::is_recorded(input1, input2);
  const bool by_target = plain::is_recorded(target);
  const bool is_recorded = by_inputs || by_target;
  at::Tensor sign;
  at::Tensor difference;
  at::Tensor shifted;
  const at::Tensor sum = single_pass::margin_ranking(
      input1, input2, target, margin, by_inputs ? &sign : nullptr,
      by_target ? &difference : nullptr, is_recorded ? &shifted : nullptr);
  return reduced(sum, input1.numel(), reduction, is_recorded, [&] {
    if (!sign.defined()) sign = records::shell(target);
    if (!difference.defined()) difference = records::shell(target);
    records::neg(sign, target);
    records::sub(difference, input1, input2);
    const at::Tensor product = records::shell(target);
    records::mul(product, sign, difference);
    records::add_scalar(shifted, product);
    const at::Tensor loss = records::shell(target);
    records::clamp_min(loss, shifted, 0);
    return loss;
  });
}

at::Tensor hinge_embedding_in_one_pass(const at::Tensor& self, const at::Tensor& target,
                                       double margin, int64_t reduction) {
  if (reduction == kNone || !single_pass::is_dense(self, target)) return {};
  const bool is_recorded = plain::is_recorded(self);
  at::Tensor shifted;
  at::Tensor is_unlike;
  at::Tensor is_alike;
  const auto written = [&](at::Tensor& tensor) { return is_recorded ? &tensor : nullptr; };
  const at::Tensor sum = single_pass::hinge_embedding(self, target, margin, written(shifted),
                                                      written(is_unlike), written(is_alike));
  return reduced(sum, self.numel(), reduction, is_recorded, [&] {
    records::sub(shifted, python::wrapped(margin), self);
    const at::Tensor clamped = records::shell(self);
    records::clamp_min(clamped, shifted, 0);
    const at::Tensor unlike = records::shell(self);
    records::where(unlike, is_unlike, clamped);
    const at::Tensor alike = records::shell(self);
    records::where(alike, is_alike, self);
    const at::Tensor loss = records::shell(self);
    records::add(loss, unlike, alike);
    return loss;
  });
}

}  // namespace

at::Tensor l1_loss(const at::Tensor& self, const at::Tensor& target, int64_t reduction) {
  if (at::Tensor loss = l1_in_one_pass(self, target, reduction); loss.defined()) return loss;
  if (!op::is_small(self, target)) return reduce(at::l1_loss(self, target, kNone), reduction);
  return reduce(op::abs(op::sub(self, target)), reduction);
}

at::Tensor kl_div(const at::Tensor& self, const at::Tensor& target, bool log_target,
                  int64_t reduction) {
  if (log_target) return reduce(at::kl_div(self, target, kNone, log_target), reduction);
  const auto minuend = [&] { return at::xlogy(target, target); };
  at::Tensor loss = less_product_in_one_pass(self, target, reduction, minuend);
  if (loss.defined()) return loss;
  if (!op::is_small(self, target)) {
    return reduce(at::kl_div(self, target, kNone, log_target), reduction);
  }
  const at::Tensor product = op::mul(target, self);
  return reduce(op::sub(minuend(), product), reduction);
}

at::Tensor poisson_nll_loss(const at::Tensor& self, const at::Tensor& target, bool log_input,
                            bool full, double eps, int64_t reduction) {
  const auto in_libtorch = [&] {
    return reduce(at::poisson_nll_loss(self, target, log_input, full, eps, kNone), reduction);
  };
  if (!log_input || full) return in_libtorch();
  const auto minuend = [&] { return at::exp(self); };
  at::Tensor loss = less_product_in_one_pass(self, target, reduction, minuend);
  if (loss.defined()) return loss;
  if (!op::is_small(self, target)) return in_libtorch();
  const at::Tensor product = op::mul(target, self);
  return reduce(op::sub(minuend(), product), reduction);
}

std::pair<at::Tensor, bool> clamped_copy(const at::Tensor& self, double min) {
  if (single_pass::is_dense(self) && !std::isnan(min)) {
    auto result = single_pass::clamped_copy(self, min);
    plain::record<plain::functions::CloneBackward0>(result.first, self);
    return result;
  }
  const bool has_negative = op::any_negative(self);
  at::Tensor copy = at::clone(self);
  const c10::NoGradGuard no_grad;
  op::clamp_min_(copy, min);
  return {std::move(copy), has_negative};
}

at::Tensor gaussian_nll_loss(const at::Tensor& self, const at::Tensor& target,
                             const at::Tensor& variance, int64_t reduction) {
  at::Tensor loss = gaussian_nll_in_one_pass(self, target, variance, reduction);
  if (loss.defined()) return loss;
  const at::Tensor log_variance = at::log(variance);
  const at::Tensor scaled_error = op::div(op::square(op::sub(self, target)), variance);
  return reduce(op::mul(op::add(log_variance, scaled_error), op::Number{0.5}), reduction);
}

at::Tensor margin_ranking_loss(const at::Tensor& input1, const at::Tensor& input2,
                               const at::Tensor& target, double margin, int64_t reduction) {
  at::Tensor loss = margin_ranking_in_one_pass(input1, input2, target, margin, reduction);
  if (loss.defined()) return loss;
  if (!op::is_small(input1, input2, target)) {
    return reduce(at::margin_ranking_loss(input1, input2, target, margin, kNone), reduction);
  }
  const at::Tensor sign = op::neg(target);
  const at::Tensor product = op::mul(sign, op::sub(input1, input2));
  return reduce(op::clamp_min(op::add(product, margin), 0), reduction);
}

at::Tensor hinge_embedding_loss(const at::Tensor& self, const at::Tensor& target, double margin,
                                int64_t reduction) {
  at::Tensor loss = hinge_embedding_in_one_pass(self, target, margin, reduction);
  if (loss.defined()) return loss;
  if (!op::is_small(self, target)) {
    return reduce(at::hinge_embedding_loss(self, target, margin, kNone), reduction);
  }
  const at::Tensor distance = op::clamp_min(op::sub(op::Number{margin}, self), 0);
  const at::Tensor unlike = op::where(op::ne(target, 1), distance);
  const at::Tensor alike = op::where(op::ne(target, -1), self);
  return reduce(op::add(unlike, alike), reduction);
}

at::Tensor cosine_embedding_loss(const at::Tensor& input1, const at::Tensor& input2,
                                 const at::Tensor& target, double margin) {
  if (!is_stepwise(input1, input2) || !is_of_rows(target, input1)) {
    return at::cosine_embedding_loss(input1, input2, target, margin, kNone);
  }
  const int64_t dim = target.dim();
  const at::Tensor product = dot(input1, input2, dim);
  const at::Tensor square1 = magnitude_square(input1, dim);
  const at::Tensor square2 = magnitude_square(input2, dim);
  const at::Tensor cosine = op::div(product, op::sqrt(op::mul(square1, square2)));
  const at::Tensor alike = op::sub(op::Number{1}, cosine);
  const at::Tensor unlike = op::clamp_min(op::sub(cosine, margin), 0);
  const at::Tensor of_alike = op::where(op::eq(target, 1), alike);
  const at::Tensor of_unlike = op::where(op::eq(target, -1), unlike);
  return op::add(of_alike, of_unlike);
}

at::Tensor triplet_margin_loss(const at::Tensor& anchor, const at::Tensor& positive,
                               const at::Tensor& negative, double margin, double p, double eps,
                               bool swap) {
  if (swap || anchor.dim() == 0 || !is_stepwise(anchor, positive, negative)) {
    return at::triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, kNone);
  }
  const at::Tensor to_positive = distance(anchor, positive, p, eps);
  const at::Tensor to_negative = distance(anchor, negative, p, eps);
  return op::clamp_min(op::sub(op::add(to_positive, margin), to_negative), 0);
}

at::Tensor pairwise_distance(const at::Tensor& left, const at::Tensor& right, double p, double eps,
                             bool keepdim) {
  if (keepdim || left.dim() == 0 || !is_stepwise(left, right)) {
    return at::pairwise_distance(left, right, p, eps, keepdim);
  }
  return distance(left, right, p, eps);
}

}  // namespace torch_losses::direct
