// Records the function that libtorch records for an operator. Source:
// tools/autograd/derivatives.yaml and torch/csrc/autograd/VariableType.
#pragma once

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/generated/Functions.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <cstdint>
#include <optional>

#include "operators/autograd_nodes.h"

namespace torch_losses::kernels {

namespace functions = torch::autograd::generated;

// Returns whether a function of these inputs is to be recorded.
template <typename... Inputs>
bool is_recorded(const Inputs&... inputs) {
  const auto excluded = c10::impl::tls_local_dispatch_key_set().excluded_;
  return !excluded.has(c10::DispatchKey::AutogradCPU) &&
         torch::autograd::compute_requires_grad(inputs...);
}

// Records a function of these inputs, in the order of its schema, and returns it; null if no input
// requires a gradient. The caller then fills it.
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

}  // namespace torch_losses::kernels
