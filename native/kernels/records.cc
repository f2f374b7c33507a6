#include "kernels/records.h"

#include <ATen/core/Reduction.h>

#include "kernels/plain.h"

namespace torch_losses::records {
namespace {

using namespace plain::functions;
using plain::record;
using plain::saved;
using plain::saved_result;

// `add` and `sub` of two tensors.
template <typename Function>
void record_sum(const at::Tensor& result, const at::Tensor& self, const at::Tensor& other) {
  if (auto* function = record<Function>(result, self, other)) {
    function->alpha = 1;
    function->other_scalar_type = other.scalar_type();
    function->self_scalar_type = self.scalar_type();
  }
}

// The same of a tensor and a Scalar.
template <typename Function>
void record_shift(const at::Tensor& result, const at::Tensor& self) {
  if (auto* function = record<Function>(result, self)) {
    function->self_scalar_type = self.scalar_type();
  }
}

}  // namespace

at::Tensor shell(const at::Tensor& like) {
  at::Tensor result = at::detail::make_tensor<c10::TensorImpl>(
      c10::DispatchKeySet(c10::DispatchKey::CPU), like.dtype(), like.device());
  result.unsafeGetTensorImpl()->set_sizes_contiguous(like.sizes());
  return result;
}

void abs(const at::Tensor& result, const at::Tensor& self) {
  if (auto* function = record<AbsBackward0>(result, self)) function->self_ = saved(self);
}

void neg(const at::Tensor& result, const at::Tensor& self) { record<NegBackward0>(result, self); }

void square(const at::Tensor& result, const at::Tensor& self) {
  if (auto* function = record<PowBackward0>(result, self)) {
    function->exponent = 2;
    function->self_ = saved(self);
  }
}

void sqrt(const at::Tensor& result, const at::Tensor& self) {
  if (auto* function = record<SqrtBackward0>(result, self)) {
    function->result_ = saved_result(result);
  }
}

void clamp_min(const at::Tensor& result, const at::Tensor& self, int64_t min) {
  if (auto* function = record<ClampMinBackward0>(result, self)) {
    function->min = min;
    function->self_ = saved(self);
  }
}

void add(const at::Tensor& result, const at::Tensor& self, const at::Tensor& other) {
  record_sum<AddBackward0>(result, self, other);
}

void sub(const at::Tensor& result, const at::Tensor& self, const at::Tensor& other) {
  record_sum<SubBackward0>(result, self, other);
}

void mul(const at::Tensor& result, const at::Tensor& self, const at::Tensor& other) {
  if (auto* function = record<MulBackward0>(result, self, other)) {
    if (function->should_compute_output(0)) function->other_ = saved(other);
    function->other_scalar_type = other.scalar_type();
    if (function->should_compute_output(1)) function->self_ = saved(self);
    function->self_scalar_type = self.scalar_type();
  }
}

void div(const at::Tensor& result, const at::Tensor& self, const at::Tensor& other) {
  if (auto* function = record<DivBackward0>(result, self, other)) {
    function->other_ = saved(other);
    if (function->should_compute_output(1)) function->self_ = saved(self);
    function->self_scalar_type = self.scalar_type();
  }
}

void add_scalar(const at::Tensor& result, const at::Tensor& self) {
  record_shift<AddBackward1>(result, self);
}

void sub_scalar(const at::Tensor& result, const at::Tensor& self) {
  record_shift<SubBackward1>(result, self);
}

void where(const at::Tensor& result, const at::Tensor& condition, const at::Tensor& self) {
  if (auto* function = record<WhereBackward0>(result, self, at::Tensor())) {
    function->condition_ = saved(condition);
  }
}

void sum(const at::Tensor& result, const at::Tensor& self, int64_t dim) {
  if (auto* function = record<SumBackward1>(result, self)) {
    function->dim = at::OptionalIntArrayRef(dim);
    function->keepdim = false;
    function->self_sym_sizes = self.sym_sizes().vec();
  }
}

void reduction(const at::Tensor& result, const at::Tensor& self, int64_t reduction) {
  if (reduction == at::Reduction::Mean) {
    if (auto* function = record<MeanBackward0>(result, self)) {
      function->self_sym_numel = self.sym_numel();
      function->self_sym_sizes = self.sym_sizes().vec();
    }
  } else if (auto* function = record<SumBackward0>(result, self)) {
    function->self_sym_sizes = self.sym_sizes().vec();
  }
}

void log_softmax(const at::Tensor& result, const at::Tensor& self, int64_t dim) {
  if (auto* function = record<LogSoftmaxBackward0>(result, self)) {
    function->dim = dim;
    function->self_scalar_type = self.scalar_type();
    function->result_ = saved_result(result);
  }
}

void nll_loss(const at::Tensor& result, const at::Tensor& self, const at::Tensor& target,
              const std::optional<at::Tensor>& weight, int64_t reduction, int64_t ignore_index,
              const at::Tensor& total_weight) {
  if (auto* function = record<NllLossBackward0>(result, self)) {
    function->ignore_index = ignore_index;
    function->reduction = reduction;
    function->self_ = saved(self);
    function->target_ = saved(target);
    function->weight_ = saved(weight);
    function->total_weight_ = saved_result(total_weight);
  }
}

void ctc_loss(const at::Tensor& result, const at::Tensor& log_probs, const at::Tensor& targets,
              at::IntArrayRef input_lengths, at::IntArrayRef target_lengths, int64_t blank,
              bool zero_infinity, const at::Tensor& log_alpha) {
  if (auto* function = record<CtcLossBackward0>(result, log_probs)) {
    function->blank = blank;
    function->input_lengths = input_lengths.vec();
    function->log_probs_ = saved(log_probs);
    function->target_lengths = target_lengths.vec();
    function->targets_ = saved(targets);
    function->zero_infinity = zero_infinity;
    function->result0_ = saved_result(result);
    function->result1_ = saved_result(log_alpha);
  }
}

void norm(const at::Tensor& result, const at::Tensor& self, double p, int64_t dim) {
  if (auto* function = record<NormBackward1>(result, self)) {
    function->dim = {dim};
    function->keepdim = false;
    function->p = p;
    function->result_ = saved_result(result);
    function->self_ = saved(self);
  }
}

}  // namespace torch_losses::records
