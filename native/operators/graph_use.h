// What a backward pass will use, found by walking its graph.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

namespace torch_losses {

// What combines the gradients of leaves with those of other processes.
struct SharedOwner {
  virtual ~SharedOwner() = default;
  // Whether the next backward pass waits for JavaScript, which runs from the event loop.
  virtual bool awaits_javascript() const = 0;
};

// Leaves whose gradients are combined with those of other processes, for all environments. May be
// called on any thread.
namespace shared_leaves {

// Adds the leaves of a model. `owner` must live while a backward pass reaches one of them.
void add(const std::vector<at::Tensor>& leaves, const std::shared_ptr<SharedOwner>& owner);
void remove(const std::vector<at::Tensor>& leaves);
bool empty();

}  // namespace shared_leaves

struct GraphUse {
  // Whether the tensors below are all that the pass uses. Functions that are written in JavaScript
  // do not tell what they keep.
  bool is_complete = true;
  std::vector<at::Tensor> saved;
  std::vector<at::Tensor> leaves;
  // The owners of shared leaves among them. If there are any, the pass waits for other processes.
  std::vector<std::shared_ptr<SharedOwner>> owners;

  // The tensors that the pass writes to, for a claim: the gradients that exist, and one that stands
  // for those which it will create.
  std::vector<at::Tensor> written() const;
  bool awaits_javascript() const;
};

GraphUse use_of_graph(const std::vector<at::Tensor>& roots);

}  // namespace torch_losses
