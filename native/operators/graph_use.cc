// The tensors that functions have saved are found by the method that libtorch has for compiled
// autograd, which collects them.
#include "operators/graph_use.h"

#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/accumulate_grad.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/csrc/dynamo/compiled_autograd.h>

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "operators/autograd_nodes.h"

namespace torch_losses {
namespace {

namespace autograd = torch::autograd;
namespace compiled = torch::dynamo::autograd;

struct SharedLeaves {
  std::mutex mutex;
  // A leaf may be in several models.
  std::unordered_multimap<const at::TensorImpl*, std::weak_ptr<SharedOwner>> owners;
};

SharedLeaves& all_shared_leaves() {
  static auto* instance = new SharedLeaves;
  return *instance;
}

// Returns the functions that the roots reach.
std::vector<NodePointer> functions_of(const std::vector<at::Tensor>& roots) {
  std::vector<NodePointer> found;
  std::unordered_set<const autograd::Node*> seen;
  const auto visit = [&](const NodePointer& function) {
    if (function && seen.insert(function.get()).second) found.push_back(function);
  };
  for (const at::Tensor& root : roots) {
    if (root.requires_grad()) visit(autograd::impl::gradient_edge(root).function);
  }
  for (size_t index = 0; index < found.size(); ++index) {
    const NodePointer function = found[index];
    for (const autograd::Edge& edge : function->next_edges()) visit(edge.function);
  }
  return found;
}

void add_leaf(GraphUse& use, const at::Tensor& leaf) {
  use.leaves.push_back(leaf);
  SharedLeaves& shared = all_shared_leaves();
  std::lock_guard lock(shared.mutex);
  auto [begin, end] = shared.owners.equal_range(leaf.unsafeGetTensorImpl());
  for (; begin != end; ++begin) {
    if (auto owner = begin->second.lock()) use.owners.push_back(std::move(owner));
  }
}

}  // namespace

namespace shared_leaves {

void add(const std::vector<at::Tensor>& leaves, const std::shared_ptr<SharedOwner>& owner) {
  SharedLeaves& shared = all_shared_leaves();
  std::lock_guard lock(shared.mutex);
  for (const at::Tensor& leaf : leaves) shared.owners.emplace(leaf.unsafeGetTensorImpl(), owner);
}

void remove(const std::vector<at::Tensor>& leaves) {
  SharedLeaves& shared = all_shared_leaves();
  std::lock_guard lock(shared.mutex);
  for (const at::Tensor& leaf : leaves) {
    auto found = shared.owners.find(leaf.unsafeGetTensorImpl());
    if (found != shared.owners.end()) shared.owners.erase(found);
  }
}

bool empty() {
  SharedLeaves& shared = all_shared_leaves();
  std::lock_guard lock(shared.mutex);
  return shared.owners.empty();
}

}  // namespace shared_leaves

std::vector<at::Tensor> GraphUse::written() const {
  std::vector<at::Tensor> gradients{at::empty({0})};
  for (const at::Tensor& leaf : leaves) {
    if (leaf.grad().defined()) gradients.push_back(leaf.grad());
  }
  return gradients;
}

bool GraphUse::awaits_javascript() const {
  return std::any_of(owners.begin(), owners.end(),
                     [](const auto& owner) { return owner->awaits_javascript(); });
}

GraphUse use_of_graph(const std::vector<at::Tensor>& roots) {
  GraphUse use;
  compiled::AutogradCompilerCall collected(compiled::SizeInput::STATIC);
  for (const NodePointer& function : functions_of(roots)) {
    if (auto* leaf = dynamic_cast<autograd::AccumulateGrad*>(function.get())) {
      add_leaf(use, leaf->variable);
      continue;
    }
    try {
      compiled::NodeCall call(0, function);
      compiled::CompiledNodeArgs arguments(collected, call);
      function->compiled_args(arguments);
    } catch (const std::exception&) {
      use.is_complete = false;
    }
  }
  use.saved = std::move(collected.tensor_args.inputs);
  return use;
}

}  // namespace torch_losses
