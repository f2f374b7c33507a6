// Processes with fewer inputs than others: what a DistributedDataParallel does in a join.
// Source: torch/nn/parallel/distributed.py (_pre_forward, _DDPJoinHook),
// torch/distributed/algorithms/join.py (notify_join_context).
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>

#include <memory>
#include <utility>

#include "bindings/bindings.h"
#include "distributed/reducer.h"

namespace torch_losses {

namespace distributed {
namespace {

using WorkPointer = c10::intrusive_ptr<c10d::Work>;

// The processes of a join, and the device of the tensors by which they agree.
struct Place {
  GroupPointer group;
  at::Device device;

  at::Tensor tensor(double value, at::ScalarType dtype = at::kFloat) const {
    return at::full({1}, value, at::dtype(dtype).device(device));
  }

  WorkPointer all_reduce(at::Tensor tensor,
                         c10d::ReduceOp::RedOpType op = c10d::ReduceOp::SUM) const {
    Tensors tensors{std::move(tensor)};
    c10d::AllreduceOptions options;
    options.reduceOp = op;
    return group->allreduce(tensors, options);
  }

  // Returns the highest rank that is a candidate.
  int common_rank(bool is_candidate) const {
    const at::Tensor rank = tensor(is_candidate ? group->getRank() : -1, at::kLong);
    all_reduce(rank, c10d::ReduceOp::MAX)->wait();
    const auto found = rank.item<int64_t>();
    TORCH_CHECK_VALUE(found != -1,
                      "BUG! Expected rank_cond to be true for at least one process. This indicates "
                      "a bug in PyTorch, please report an issue.");
    return static_cast<int>(found);
  }
};

// Like dist_before_forward. `requires_sync`: whether the model is outside of no_sync. `notifies`:
// whether it tells the others for all that take part in the join.
napi_value before_forward(Environment& environment, ReducerHandle* handle,
                          const GroupPointer& group, const at::Device& device,
                          const Tensors& buffers, bool requires_sync, bool notifies,
                          bool throws_early, bool divides_by_initial_size) {
  return submit_collective(
      environment, buffers,
      [=, replica = handle->get(), place = Place{group, device}] {
        const bool records = at::GradMode::is_enabled();
        replica->synchronizes = records && requires_sync;
        if (records && requires_sync) replica->reducer->prepare_for_forward();
        if (notifies) {
          const WorkPointer work = place.all_reduce(place.tensor(1));
          if (throws_early) {
            const at::Tensor exhausted = place.tensor(0);
            place.all_reduce(exhausted)->wait();
            TORCH_CHECK(exhausted.item<float>() == 0,
                        "Detected at least one rank that exhausted inputs. Throwing across all "
                        "ranks.");
          }
          replica->reducer->set_forward_pass_work_handle(work, divides_by_initial_size);
        }
        if (records) replica->reducer->rebuild_buckets();
        if (!buffers.empty()) broadcast(group, buffers, place.common_rank(true));
        place.all_reduce(place.tensor(requires_sync ? 1 : 0));
      },
      [&environment] { return undefined(environment); });
}

// Takes part in the others' forward and backward pass, in a process whose inputs have ended.
// Returns a promise of whether gradients were combined.
napi_value shadow(Environment& environment, ReducerHandle* handle, const GroupPointer& group,
                  const at::Device& device, const Tensors& buffers, bool find_unused_parameters) {
  auto synchronizes = std::make_shared<bool>(false);
  return submit_collective(
      environment, buffers,
      [=, replica = handle->get(), place = Place{group, device}] {
        c10d::Reducer& reducer = *replica->reducer;
        reducer.rebuild_buckets();
        if (!buffers.empty()) broadcast(group, buffers, place.common_rank(false));
        const at::Tensor required = place.tensor(0);
        place.all_reduce(required)->wait();
        *synchronizes = required.item<float>() != 0;
        if (!*synchronizes) return;
        std::vector<c10d::GradBucket> zeros = reducer.get_grad_buckets();
        std::vector<c10::intrusive_ptr<c10::ivalue::Future>> combined;
        for (c10d::GradBucket& bucket : zeros) combined.push_back(reducer.run_comm_hook(bucket));
        for (const auto& future : combined) future->waitAndThrow();
        if (find_unused_parameters) place.all_reduce(reducer.get_local_used_map_on_device());
        reducer.push_rebuilt_params_for_all_indices();
      },
      [synchronizes, &environment] { return to_javascript(environment, *synchronizes); });
}

// Gives all processes the states of one whose inputs ended last.
napi_value finish(Environment& environment, const GroupPointer& group, const at::Device& device,
                  const Tensors& states, bool is_last) {
  return submit_collective(
      environment, states,
      [=, place = Place{group, device}] { broadcast(group, states, place.common_rank(is_last)); },
      [&environment] { return undefined(environment); });
}

}  // namespace
}  // namespace distributed

void add_joins(Bindings& bindings) {
  using namespace distributed;  // NOLINT: a list of names
  bindings.add<&before_forward>("dist_join_before_forward");
  bindings.add<&shadow>("dist_join_shadow");
  bindings.add<&finish>("dist_join_finish");
}

}  // namespace torch_losses
