// Plain tensors: dense CPU tensors of float or double that nothing but autograd looks at. What is
// computed of them here records libtorch's own functions, as libtorch would.
//
// Source: the generated torch/csrc/autograd/VariableType, from tools/autograd/derivatives.yaml.
#pragma once

#include <ATen/EmptyTensor.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/Tensor.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/generated/Functions.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <optional>

#include "operators/autograd_nodes.h"

namespace torch_losses::plain {

namespace functions = torch::autograd::generated;

inline bool is_float_or_double(const at::Tensor& tensor) {
  const at::ScalarType dtype = tensor.scalar_type();
  return dtype == at::kFloat || dtype == at::kDouble;
}

// Whether the dispatcher would do no more with these than record and run the CPU's kernel. Compiled
// for libtorch alone, to compare with, nothing is.
template <typename... Tensors>
bool is_undisguised([[maybe_unused]] const Tensors&... tensors) {
#ifdef TORCH_LOSSES_LIBTORCH_ALONE
  return false;
#else
  using c10::DispatchKey;
  constexpr c10::DispatchKeySet kPlain({DispatchKey::CPU, DispatchKey::ADInplaceOrView,
                                        DispatchKey::AutogradCPU, DispatchKey::BackendSelect});
  const auto local = c10::impl::tls_local_dispatch_key_set();
  return kPlain.has_all(((tensors.key_set() | ...) | local.included_) - local.excluded_);
#endif
}

// Whether all are plain, and of one dtype.
template <typename... Tensors>
bool is_plain(const at::Tensor& self, const Tensors&... others) {
  if (!is_float_or_double(self) || self.numel() == 0) return false;
  if (((others.scalar_type() != self.scalar_type()) || ...)) return false;
  return is_undisguised(self, others...);
}

// Memory for a plain tensor's elements, or for those of another dtype.
inline at::Tensor empty(at::IntArrayRef sizes, at::ScalarType dtype) {
  return at::Tensor(at::detail::empty_cpu(sizes, dtype));
}

// Calls `visit` with a number of the type of the elements.
template <typename Visit>
auto with_type_of(const at::Tensor& tensor, Visit visit) {
  return tensor.scalar_type() == at::kFloat ? visit(float{}) : visit(double{});
}

// Whether a function of these inputs is to be recorded.
template <typename... Inputs>
bool is_recorded(const Inputs&... inputs) {
  const auto excluded = c10::impl::tls_local_dispatch_key_set().excluded_;
  return !excluded.has(c10::DispatchKey::AutogradCPU) &&
         torch::autograd::compute_requires_grad(inputs...);
}

// Records a function of these inputs, in the order of its schema. The caller fills it: what is
// saved of a result must know who made it. Null where nothing is recorded.
template <typename Function, typename... Inputs>
Function* record(const at::Tensor& result, const Inputs&... inputs) {
  if (!is_recorded(inputs...)) return nullptr;
  auto function = make_node<Function>();
  function->set_next_edges(torch::autograd::collect_next_edges(inputs...));
  torch::autograd::set_history(result, function);
  return function.get();
}

inline torch::autograd::SavedVariable saved(const at::Tensor& input) {
  return {input, /*is_output=*/false};
}
inline torch::autograd::SavedVariable saved(const std::optional<at::Tensor>& input) {
  return input ? saved(*input) : torch::autograd::SavedVariable();
}
inline torch::autograd::SavedVariable saved_result(const at::Tensor& result) {
  return {result, /*is_output=*/true};
}

}  // namespace torch_losses::plain
