#include "kernels/recorded_functions.h"

#include <ATen/core/Reduction.h>

namespace torch_losses::kernels {
namespace {

using namespace functions;

// `add` and `sub` of two tensors.
template <typename Function>
void record_sum(const at::Tensor& result, const at::Tensor& self, const at::Tensor& other) {
  if (auto* function = record<Function>(result, self, other)) {
    function->alpha = 1;
    function->other_scalar_type = other.scalar_type();
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

void record_abs(const at::Tensor& result, const at::Tensor& self) {
  if (auto* function = record<AbsBackward0>(result, self)) function->self_ = saved(self);
}

void record_neg(const at::Tensor& result, const at::Tensor& self) {
  record<NegBackward0>(result, self);
}

void record_square(const at::Tensor& result, const at::Tensor& self) {
  if (auto* function = record<PowBackward0>(result, self)) {
    function->exponent = 2;
    function->self_ = saved(self);
  }
}

void record_clamp_min(const at::Tensor& result, const at::Tensor& self, int64_t min) {
  if (auto* function = record<ClampMinBackward0>(result, self)) {
    function->min = min;
    function->self_ = saved(self);
  }
}

void record_add(const at::Tensor& result, const at::Tensor& self, const at::Tensor& other) {
  record_sum<AddBackward0>(result, self, other);
}

void record_sub(const at::Tensor& result, const at::Tensor& self, const at::Tensor& other) {
  record_sum<SubBackward0>(result, self, other);
}

void record_mul(const at::Tensor& result, const at::Tensor& self, const at::Tensor& other) {
  if (auto* function = record<MulBackward0>(result, self, other)) {
    if (function->should_compute_output(0)) function->other_ = saved(other);
    function->other_scalar_type = other.scalar_type();
    if (function->should_compute_output(1)) function->self_ = saved(self);
    function->self_scalar_type = self.scalar_type();
  }
}

void record_div(const at::Tensor& result, const at::Tensor& self, const at::Tensor& other) {
  if (auto* function = record<DivBackward0>(result, self, other)) {
    function->other_ = saved(other);
    if (function->should_compute_output(1)) function->self_ = saved(self);
    function->self_scalar_type = self.scalar_type();
  }
}

void record_add_scalar(const at::Tensor& result, const at::Tensor& self) {
  if (auto* function = record<AddBackward1>(result, self)) {
    function->self_scalar_type = self.scalar_type();
  }
}

void record_where(const at::Tensor& result, const at::Tensor& condition, const at::Tensor& self) {
  if (auto* function = record<WhereBackward0>(result, self, at::Tensor())) {
    function->condition_ = saved(condition);
  }
}

void record_reduction(const at::Tensor& result, const at::Tensor& self, int64_t reduction) {
  if (reduction == at::Reduction::Mean) {
    if (auto* function = record<MeanBackward0>(result, self)) {
      function->self_sym_numel = self.sym_numel();
      function->self_sym_sizes = self.sym_sizes().vec();
    }
  } else if (auto* function = record<SumBackward0>(result, self)) {
    function->self_sym_sizes = self.sym_sizes().vec();
  }
}

}  // namespace torch_losses::kernels
