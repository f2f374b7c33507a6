// Which tensors a kernel may read and write directly: dense CPU tensors of float or double that
// nothing but autograd looks at.
#pragma once

#include <ATen/EmptyTensor.h>
#include <ATen/core/Reduction.h>
#include <ATen/core/Tensor.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include <optional>

#include "losses/reduction.h"

namespace torch_losses::kernels {

// Returns whether the dispatcher would only record a function and run the CPU kernel for these
// tensors: there is no autocast, no vmap and no other device.
template <typename... Tensors>
bool are_on_cpu_alone(const Tensors&... tensors) {
  using c10::DispatchKey;
  constexpr c10::DispatchKeySet kEligible({DispatchKey::CPU, DispatchKey::ADInplaceOrView,
                                           DispatchKey::AutogradCPU, DispatchKey::BackendSelect});
  const auto local = c10::impl::tls_local_dispatch_key_set();
  return kEligible.has_all(((tensors.key_set() | ...) | local.included_) - local.excluded_);
}

// Returns whether all tensors have elements, and one dtype, which is float or double.
template <typename... Tensors>
bool are_eligible(const at::Tensor& self, const Tensors&... others) {
  const at::ScalarType dtype = self.scalar_type();
  return (dtype == at::kFloat || dtype == at::kDouble) && self.numel() > 0 &&
         ((others.scalar_type() == dtype) && ...) && are_on_cpu_alone(self, others...);
}

// Returns whether they are also contiguous and of one shape.
template <typename... Tensors>
bool are_dense(const at::Tensor& self, const Tensors&... others) {
  return are_eligible(self, others...) && self.is_contiguous() &&
         ((others.is_contiguous() && others.sizes() == self.sizes()) && ...);
}

// Returns the number of at::Reduction. Returns nothing if the name is unknown or a deprecated
// argument was given.
inline std::optional<int64_t> known_reduction(const Reduction& reduction) {
  if (reduction.legacy) return std::nullopt;
  if (reduction == "mean") return at::Reduction::Mean;
  if (reduction == "sum") return at::Reduction::Sum;
  if (reduction == "none") return at::Reduction::None;
  return std::nullopt;
}

// Returns memory for a tensor of the CPU.
inline at::Tensor empty(at::IntArrayRef sizes, at::ScalarType dtype) {
  return at::Tensor(at::detail::empty_cpu(sizes, dtype));
}

// Calls `visit` with a number of the type of the elements.
template <typename Visit>
auto with_type_of(const at::Tensor& tensor, Visit visit) {
  return tensor.scalar_type() == at::kFloat ? visit(float{}) : visit(double{});
}

}  // namespace torch_losses::kernels
