// Source of what is recorded: the generated torch/csrc/autograd/VariableType, from
// tools/autograd/derivatives.yaml; of the arithmetic: ATen/native/Loss.cpp and ReduceOps.cpp.
#include "direct.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/Reduction.h>
#include <ATen/ops/binary_cross_entropy.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/div.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/huber_loss.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/smooth_l1_loss.h>
#include <ATen/ops/soft_margin_loss.h>
#include <ATen/ops/sum.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <c10/util/accumulate.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/generated/Functions.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "python.h"

namespace torch_losses::direct {
namespace {

namespace autograd = torch::autograd;
namespace functions = torch::autograd::generated;

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

bool is_float_or_double(const at::Tensor& tensor) {
  const at::ScalarType dtype = tensor.scalar_type();
  return dtype == at::kFloat || dtype == at::kDouble;
}

// Whether the dispatcher would do no more than record and run the CPU's kernel.
template <typename... Tensors>
bool is_plain(const at::Tensor& self, const Tensors&... others) {
  using c10::DispatchKey;
  constexpr c10::DispatchKeySet kPlain({DispatchKey::CPU, DispatchKey::ADInplaceOrView,
                                        DispatchKey::AutogradCPU, DispatchKey::BackendSelect});
  if (!is_float_or_double(self) || self.numel() == 0) return false;
  if (((others.scalar_type() != self.scalar_type()) || ...)) return false;
  const c10::DispatchKeySet tensors = (self.key_set() | ... | others.key_set());
  const auto local = c10::impl::tls_local_dispatch_key_set();
  return kPlain.has_all((tensors | local.included_) - local.excluded_);
}

// As VariableType does for an operator of these inputs, in the order of its schema.
template <typename Function, typename Save, typename... Inputs>
void record(const at::Tensor& result, Save save, const Inputs&... inputs) {
  const auto excluded = c10::impl::tls_local_dispatch_key_set().excluded_;
  if (excluded.has(c10::DispatchKey::AutogradCPU)) return;
  if (!autograd::compute_requires_grad(inputs...)) return;
  auto function = c10::make_intrusive<Function>();
  function->set_next_edges(autograd::collect_next_edges(inputs...));
  save(*function);
  autograd::set_history(result, function);
}

autograd::SavedVariable saved(const at::Tensor& input) { return {input, /*is_output=*/false}; }
autograd::SavedVariable saved(const std::optional<at::Tensor>& input) {
  return input ? saved(*input) : autograd::SavedVariable();
}

// Calls `visit` with a number of the type of the elements.
template <typename Visit>
void with_type_of(const at::Tensor& tensor, Visit visit) {
  if (tensor.scalar_type() == at::kFloat) return visit(float{});
  visit(double{});
}

at::Tensor mean_of(const at::Tensor& tensor) {
  at::Tensor result = at::sum(tensor);
  with_type_of(result, [&]<typename T>(T) {
    *result.mutable_data_ptr<T>() /= static_cast<T>(tensor.numel());
  });
  return result;
}

// `compute` gives the loss of each element.
template <typename Compute>
at::Tensor reduced(Compute compute, int64_t reduction) {
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  return reduction == at::Reduction::Mean ? mean_of(compute()) : at::sum(compute());
}

// A loss whose function saves `self`, `target`, the reduction, and what `save` adds.
template <typename Function, typename Compute, typename Save>
at::Tensor loss_of(const at::Tensor& self, const at::Tensor& target, int64_t reduction,
                   Compute compute, Save save) {
  at::Tensor result = reduced(compute, reduction);
  record<Function>(
      result,
      [&](Function& function) {
        function.reduction = reduction;
        function.self_ = saved(self);
        function.target_ = saved(target);
        save(function);
      },
      self, target);
  return result;
}

constexpr auto kNothingMore = [](const auto&) {};

// libtorch refuses to differentiate by it, or it is not there.
bool is_constant(const std::optional<at::Tensor>& tensor, const at::Tensor& self) {
  return !tensor || (!tensor->requires_grad() && is_plain(self, *tensor));
}

}  // namespace

at::Tensor mean(const at::Tensor& self) {
  if (!is_plain(self)) return at::mean(self);
  at::Tensor result = reduced([&] { return self; }, at::Reduction::Mean);
  record<functions::MeanBackward0>(
      result,
      [&](functions::MeanBackward0& function) {
        function.self_sym_numel = self.sym_numel();
        function.self_sym_sizes = self.sym_sizes().vec();
      },
      self);
  return result;
}

at::Tensor mean_backward(const at::Tensor& gradient, at::IntArrayRef sizes) {
  const int64_t elements = c10::multiply_integers(sizes);
  if (!is_plain(gradient)) return at::div(gradient.expand(sizes), python::wrapped(elements));
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  double share = 0;
  with_type_of(gradient, [&]<typename T>(T) {
    share = *gradient.const_data_ptr<T>() / static_cast<T>(elements);
  });
  return at::full(sizes, share, gradient.options());
}

at::Tensor div(const at::Tensor& self, int64_t divisor) {
  const at::Tensor wrapped = python::wrapped(divisor);
  if (!is_plain(self) || !self.is_contiguous()) return at::div(self, wrapped);
  at::Tensor result;
  {
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    result = at::empty(self.sizes(), self.options());
  }
  with_type_of(self, [&]<typename T>(T) {
    const auto* first = self.const_data_ptr<T>();
    std::transform(first, first + self.numel(), result.mutable_data_ptr<T>(),
                   [&](T value) { return value / static_cast<T>(divisor); });
  });
  record<functions::DivBackward0>(
      result,
      [&](functions::DivBackward0& function) {
        function.other_ = saved(wrapped);
        function.self_scalar_type = self.scalar_type();
      },
      self, wrapped);
  return result;
}

at::Tensor mse_loss(const at::Tensor& self, const at::Tensor& target, int64_t reduction) {
  if (reduction == at::Reduction::None || !is_plain(self, target)) {
    return compact(at::mse_loss(self, target, reduction));
  }
  return loss_of<functions::MseLossBackward0>(
      self, target, reduction, [&] { return at::mse_loss(self, target, at::Reduction::None); },
      kNothingMore);
}

at::Tensor smooth_l1_loss(const at::Tensor& self, const at::Tensor& target, int64_t reduction,
                          double beta) {
  if (reduction == at::Reduction::None || !is_plain(self, target)) {
    return compact(at::smooth_l1_loss(self, target, reduction, beta));
  }
  return loss_of<functions::SmoothL1LossBackward0>(
      self, target, reduction,
      [&] { return at::smooth_l1_loss(self, target, at::Reduction::None, beta); },
      [&](auto& function) { function.beta = beta; });
}

at::Tensor huber_loss(const at::Tensor& self, const at::Tensor& target, int64_t reduction,
                      double delta) {
  if (reduction == at::Reduction::None || !is_plain(self, target)) {
    return at::huber_loss(self, target, reduction, delta);
  }
  return loss_of<functions::HuberLossBackward0>(
      self, target, reduction,
      [&] { return at::huber_loss(self, target, at::Reduction::None, delta); },
      [&](auto& function) { function.delta = delta; });
}

at::Tensor soft_margin_loss(const at::Tensor& self, const at::Tensor& target, int64_t reduction) {
  if (reduction == at::Reduction::None || !is_constant(target, self)) {
    return compact(at::soft_margin_loss(self, target, reduction));
  }
  at::Tensor result =
      reduced([&] { return at::soft_margin_loss(self, target, at::Reduction::None); }, reduction);
  record<functions::SoftMarginLossBackward0>(
      result,
      [&](functions::SoftMarginLossBackward0& function) {
        function.reduction = reduction;
        function.self_ = saved(self);
        function.target_ = saved(target);
      },
      self);
  return result;
}

at::Tensor binary_cross_entropy(const at::Tensor& self, const at::Tensor& target,
                                const std::optional<at::Tensor>& weight, int64_t reduction) {
  if (reduction == at::Reduction::None || !is_plain(self, target) || !is_constant(weight, self)) {
    return compact(at::binary_cross_entropy(self, target, weight, reduction));
  }
  return loss_of<functions::BinaryCrossEntropyBackward0>(
      self, target, reduction,
      [&] { return at::binary_cross_entropy(self, target, weight, at::Reduction::None); },
      [&](auto& function) { function.weight_ = saved(weight); });
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
      self, target, reduction,
      [&] {
        return at::binary_cross_entropy_with_logits(self, target, weight, pos_weight,
                                                    at::Reduction::None);
      },
      [&](auto& function) {
        function.weight_ = saved(weight);
        function.pos_weight_ = saved(pos_weight);
      });
}

}  // namespace torch_losses::direct
