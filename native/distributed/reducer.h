// What the files about DistributedDataParallel share.
#pragma once

#include "bindings/node_api.h"

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "bindings/bindings.h"
#include "distributed/groups.h"
#include "operators/graph_use.h"

namespace torch_losses {

namespace distributed {

using Tensors = std::vector<at::Tensor>;

class Reducer final : public c10d::Reducer {
 public:
  using c10d::Reducer::Reducer;

  // Lets go of the group. With a static graph, the base class keeps a collective of the first
  // backward pass, and that keeps Gloo's connections and the store.
  void release_group() {
    remove_autograd_hooks();
    update_process_group({});
    local_used_work_ = {};
  }
};

// The reducer of one model. It needs a logger in some of its functions.
struct Replica final : SharedOwner {
  Replica(std::shared_ptr<Reducer> made, GroupPointer group, bool delays)
      : reducer(std::move(made)),
        logger(std::make_shared<c10d::Logger>(reducer)),
        group(std::move(group)),
        delays(delays) {
    reducer->set_logger(logger);
  }

  // Lets go of the group, so that the group's store and port are free when it is destroyed.
  void release() {
    reducer->release_group();
    delays = false;
    *hook_group = {};
    group = {};
  }

  bool awaits_javascript() const override { return has_javascript_hook && synchronizes; }

  const std::shared_ptr<Reducer> reducer;
  const std::shared_ptr<c10d::Logger> logger;
  // Empty once it was destroyed.
  GroupPointer group;
  // That of the hook.
  const std::shared_ptr<GroupPointer> hook_group = std::make_shared<GroupPointer>();
  // Whether the first backward pass with a static graph is to come.
  std::atomic<bool> delays;
  // Whether the communication hook is written in JavaScript.
  std::atomic<bool> has_javascript_hook = false;
  // Whether the next backward pass combines gradients.
  std::atomic<bool> synchronizes = true;
};

using ReplicaPointer = std::shared_ptr<Replica>;

// A reducer as JavaScript holds it.
class ReducerHandle {
 public:
  ReducerHandle(ReplicaPointer replica, Tensors parameters, std::shared_ptr<MemoryUse> environment);
  ~ReducerHandle();
  ReducerHandle(const ReducerHandle&) = delete;
  ReducerHandle& operator=(const ReducerHandle&) = delete;

  const ReplicaPointer& get() const { return replica_.get(); }
  const Tensors& parameters() const { return parameters_; }

 private:
  Aside<ReplicaPointer> replica_;
  Tensors parameters_;
};

// Sends the tensors of one rank to all others. Keeps their versions: a graph that has saved one is
// still valid.
void broadcast(const GroupPointer& group, const Tensors& tensors, int source);

// Runs a function in the order of the collectives. Returns a promise of what `result` returns.
napi_value submit_collective(Environment& environment, const Tensors& written,
                             std::function<void()> function, std::function<napi_value()> result);

}  // namespace distributed

template <>
distributed::ReducerHandle* read(Environment& environment, napi_value value);

}  // namespace torch_losses
