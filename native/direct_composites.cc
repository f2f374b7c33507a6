// Losses that libtorch puts together from operators, before they are reduced: of small tensors, the
// same from arithmetic.h.
//
// The order in which functions are recorded is the order in which autograd adds gradients up. It is
// that of libtorch's code as its compiler evaluates it: of the operands of `-`, the right one
// first.
//
// Source: ATen/native/Loss.cpp and Distance.cpp of torch 2.13.
#include <ATen/core/Reduction.h>
#include <ATen/ops/cosine_embedding_loss.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/hinge_embedding_loss.h>
#include <ATen/ops/kl_div.h>
#include <ATen/ops/l1_loss.h>
#include <ATen/ops/margin_ranking_loss.h>
#include <ATen/ops/pairwise_distance.h>
#include <ATen/ops/poisson_nll_loss.h>
#include <ATen/ops/triplet_margin_loss.h>
#include <ATen/ops/xlogy.h>

#include "arithmetic.h"
#include "direct.h"

namespace torch_losses::direct {
namespace {

namespace op = arithmetic;

constexpr auto kNone = at::Reduction::None;

// One number for each row of `input`, or for the only one.
bool is_of_rows(const at::Tensor& target, const at::Tensor& input) {
  return plain::is_undisguised(target) && target.dim() <= 1 && target.dim() + 1 == input.dim() &&
         target.sizes() == input.sizes().slice(0, target.dim());
}

at::Tensor small_distance(const at::Tensor& left, const at::Tensor& right, double p, double eps) {
  return op::norm(op::add(op::sub(left, right), eps), p, left.dim() - 1);
}

at::Tensor magnitude_square(const at::Tensor& input, int64_t dim) {
  constexpr float kEpsilon = 1e-12F;
  return op::add(op::sum(op::mul(input, input), dim), kEpsilon);
}

}  // namespace

at::Tensor l1_loss(const at::Tensor& self, const at::Tensor& target) {
  if (!op::is_small(self, target)) return at::l1_loss(self, target, kNone);
  return op::abs(op::sub(self, target));
}

at::Tensor kl_div(const at::Tensor& self, const at::Tensor& target, bool log_target) {
  if (log_target || !op::is_small(self, target)) return at::kl_div(self, target, kNone, log_target);
  const at::Tensor product = op::mul(target, self);
  return op::sub(at::xlogy(target, target), product);
}

at::Tensor poisson_nll_loss(const at::Tensor& self, const at::Tensor& target, bool log_input,
                            bool full, double eps) {
  if (!log_input || full || !op::is_small(self, target)) {
    return at::poisson_nll_loss(self, target, log_input, full, eps, kNone);
  }
  const at::Tensor product = op::mul(target, self);
  return op::sub(at::exp(self), product);
}

at::Tensor margin_ranking_loss(const at::Tensor& input1, const at::Tensor& input2,
                               const at::Tensor& target, double margin) {
  if (!op::is_small(input1, input2, target)) {
    return at::margin_ranking_loss(input1, input2, target, margin, kNone);
  }
  const at::Tensor sign = op::neg(target);
  return op::clamp_min(op::add(op::mul(sign, op::sub(input1, input2)), margin), 0);
}

at::Tensor hinge_embedding_loss(const at::Tensor& self, const at::Tensor& target, double margin) {
  if (!op::is_small(self, target)) return at::hinge_embedding_loss(self, target, margin, kNone);
  const at::Tensor distance = op::clamp_min(op::sub(op::Number{margin}, self), 0);
  const at::Tensor unlike = op::where(op::ne(target, 1), distance);
  const at::Tensor alike = op::where(op::ne(target, -1), self);
  return op::add(unlike, alike);
}

at::Tensor cosine_embedding_loss(const at::Tensor& input1, const at::Tensor& input2,
                                 const at::Tensor& target, double margin) {
  if (!op::is_small(input1, input2) || !is_of_rows(target, input1)) {
    return at::cosine_embedding_loss(input1, input2, target, margin, kNone);
  }
  const int64_t dim = target.dim();
  const at::Tensor product = op::sum(op::mul(input1, input2), dim);
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
  if (swap || anchor.dim() == 0 || !op::is_small(anchor, positive, negative)) {
    return at::triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, kNone);
  }
  const at::Tensor to_positive = small_distance(anchor, positive, p, eps);
  const at::Tensor to_negative = small_distance(anchor, negative, p, eps);
  return op::clamp_min(op::sub(op::add(to_positive, margin), to_negative), 0);
}

at::Tensor pairwise_distance(const at::Tensor& left, const at::Tensor& right, double p, double eps,
                             bool keepdim) {
  if (keepdim || left.dim() == 0 || !op::is_small(left, right)) {
    return at::pairwise_distance(left, right, p, eps, keepdim);
  }
  return small_distance(left, right, p, eps);
}

}  // namespace torch_losses::direct
