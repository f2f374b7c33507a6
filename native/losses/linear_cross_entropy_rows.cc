#include "losses/linear_cross_entropy_rows.h"

#include <ATen/ops/eq.h>
#include <ATen/ops/where.h>

#include <limits>

namespace torch_losses::losses {

const at::Tensor& Rows::is_ignored() {
  if (!is_ignored_.defined()) is_ignored_ = at::eq(problem_.target, problem_.ignore_index);
  return is_ignored_;
}

const at::Tensor& Rows::target() {
  if (target_.defined()) return target_;
  const int64_t ignored = problem_.ignore_index;
  const bool is_class = ignored >= 0 && ignored < problem_.linear_weight.size(0);
  target_ = is_class ? problem_.target : at::where(is_ignored(), at::Scalar(0), problem_.target);
  return target_;
}

at::Tensor Rows::class_weights() {
  if (!problem_.weight) return is_ignored().bitwise_not().to(acc_dtype_);
  const at::Tensor& weight = *problem_.weight;
  // Converts before or after the selection, whichever converts fewer elements.
  const at::Tensor selected = target().numel() > weight.numel()
                                  ? weight.to(acc_dtype_).index_select(0, target())
                                  : weight.index_select(0, target()).to(acc_dtype_);
  return at::where(is_ignored(), at::Scalar(0), selected);
}

const at::Tensor& Rows::weights() {
  if (weights_.defined()) return weights_;
  weights_ = class_weights();
  if (problem_.reduction == "mean") {
    const at::Tensor total = weights_.sum();
    const at::Tensor is_zero = at::eq(total, 0);
    const at::Tensor negative = total.neg();
    const at::Scalar nan = std::numeric_limits<double>::quiet_NaN();
    weights_.div_(at::where(is_zero, nan, negative));
  } else if (problem_.reduction == "sum") {
    weights_.neg_();
  } else if (upstream_) {
    weights_.neg_().mul_(upstream_->to(weights_.scalar_type()));
  }
  return weights_;
}

}  // namespace torch_losses::losses
