// Nodes of the recorded graph. They count their references themselves since libtorch 2.13, and were
// held by std::shared_ptr before.
#pragma once

#include <c10/util/intrusive_ptr.h>
#include <torch/csrc/autograd/edge.h>
#include <torch/csrc/autograd/function.h>

#include <memory>
#include <type_traits>
#include <utility>

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

}  // namespace torch_losses
