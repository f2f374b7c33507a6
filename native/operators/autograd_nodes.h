// Nodes of the recorded graph. They count their references themselves since libtorch 2.13, and were
// held by std::shared_ptr before.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/intrusive_ptr.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/edge.h>
#include <torch/csrc/autograd/function.h>

#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace torch_losses {

// The owning pointer to a node.
using NodePointer = decltype(torch::autograd::Edge::function);

// Creates a node with the ownership that libtorch gives its own.
template <typename Function, typename... Arguments>
auto make_node(Arguments&&... arguments) {
  if constexpr (std::is_same_v<NodePointer, std::shared_ptr<torch::autograd::Node>>) {
    // libtorch's deleteNode, found by argument-dependent lookup, frees long graphs iteratively.
    return std::shared_ptr<Function>(new Function(std::forward<Arguments>(arguments)...),
                                     [](Function* function) { deleteNode(function); });
  } else {
    return c10::make_intrusive<Function>(std::forward<Arguments>(arguments)...);
  }
}

// Calls libtorch's function of that name. Since 2.14 it also returns the node, for which hooks of
// creation are called. JavaScript cannot register any.
template <typename... Arguments>
auto wrap_outputs(Arguments&&... arguments) {
  NodePointer attached;
  if constexpr (requires { torch::autograd::_wrap_outputs(arguments..., attached); }) {
    return torch::autograd::_wrap_outputs(std::forward<Arguments>(arguments)..., attached);
  } else {
    return torch::autograd::_wrap_outputs(std::forward<Arguments>(arguments)...);
  }
}

// Returns the node that is reached from the tensor's grad_fn by following these positions of
// next_functions; nullptr if there is none.
torch::autograd::Node* node_at(const at::Tensor& tensor, const std::vector<int64_t>& path);

}  // namespace torch_losses
