// c10d's Reducer, which combines the gradients of DistributedDataParallel.
// Source: torch/nn/parallel/distributed.py, torch/csrc/distributed/c10d/init.cpp.
#include "distributed/reducer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/flatten_dense_tensors.h>
#include <ATen/ops/unflatten_dense_tensors.h>
#include <torch/csrc/autograd/engine.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "bindings/externals.h"
#include "operators/autograd_nodes.h"

namespace torch_losses {

namespace distributed {
namespace {

namespace autograd = torch::autograd;

constexpr ExternalType kReducerType{{0x7c21e90b5d3f4a86, 0x9e54d1b07a62c3f8}, "a Reducer"};
// The bytes that one broadcast of parameters or buffers sends.
constexpr size_t kBroadcastBytes = 250 * 1024 * 1024;

// All that are alive.
struct Replicas {
  std::mutex mutex;
  std::vector<std::weak_ptr<Replica>> all;
};

Replicas& replicas() {
  static auto* instance = new Replicas;
  return *instance;
}

void remember(const ReplicaPointer& replica) {
  std::lock_guard lock(replicas().mutex);
  std::erase_if(replicas().all, [](const auto& each) { return each.expired(); });
  replicas().all.push_back(replica);
}

// --- at construction -----------------------------------------------------------------------------

// Runs a function that writes to tensors. Keeps their versions: a graph that has saved one is still
// valid.
template <typename Write>
void keeping_versions(const Tensors& tensors, const Write& write) {
  const at::NoGradGuard no_recording;
  std::vector<int64_t> versions;
  for (const at::Tensor& tensor : tensors) versions.push_back(tensor._version());
  write();
  for (size_t index = 0; index < tensors.size(); ++index) {
    c10::VariableVersion counter = autograd::impl::version_counter(tensors[index]);
    counter.set_version(versions[index]);
  }
}

// Sends CPU tensors of the first rank to all others. Calls `done` at its end, on any thread.
void start_broadcast(const GroupPointer& group, const Tensors& tensors, const Task::Done& done) {
  if (tensors.empty()) return done(nullptr);
  const at::NoGradGuard no_recording;
  const auto buckets =
      std::get<0>(c10d::compute_bucket_assignment_by_size(tensors, {kBroadcastBytes}));
  c10::List<c10::intrusive_ptr<c10::ivalue::Future>> futures(
      c10::FutureType::create(c10::ListType::ofTensors()));
  std::vector<std::pair<Tensors, at::Tensor>> parts;
  for (const std::vector<size_t>& bucket : buckets) {
    Tensors part;
    for (const size_t index : bucket) part.push_back(tensors[index]);
    Tensors sent{at::flatten_dense_tensors(part)};
    futures.push_back(group->broadcast(sent)->getFuture());
    parts.emplace_back(std::move(part), sent[0]);
  }
  const auto copy_back = [tensors, parts = std::move(parts)] {
    for (const auto& [part, sent] : parts) {
      const Tensors received = at::unflatten_dense_tensors(sent, part);
      for (size_t index = 0; index < part.size(); ++index) part[index].copy_(received[index]);
    }
  };
  c10::collectAll(futures)->addCallback([tensors, copy_back, done](c10::ivalue::Future& all) {
    std::exception_ptr error = all.exception_ptr();
    try {
      if (!error) keeping_versions(tensors, copy_back);
    } catch (...) {
      error = std::current_exception();
    }
    done(std::move(error));
  });
}

// Checks that all ranks have parameters of the same shapes, and gives them the values of the first.
// Returns a promise.
napi_value synchronize(Environment& environment, const GroupPointer& group,
                       const Tensors& parameters, const Tensors& states) {
  return submit_collective(
      environment, states,
      [group, parameters, states] {
        c10d::verify_params_across_processes(group, parameters, {});
        broadcast(group, states, 0);
      },
      [&environment] { return undefined(environment); });
}

std::vector<size_t> to_sizes(const std::vector<int64_t>& values) {
  return {values.begin(), values.end()};
}

// Makes a reducer by the constructor of this release of libtorch.
template <typename R = Reducer>
std::shared_ptr<R> make_reducer(const Tensors& parameters, std::vector<std::vector<size_t>> buckets,
                                const GroupPointer& group, const std::vector<bool>& sparse,
                                int64_t bucket_bytes, bool find_unused_parameters,
                                bool gradient_as_bucket_view,
                                const std::unordered_map<size_t, std::string>& names,
                                int64_t first_bucket_bytes, bool skip_unused,
                                const std::vector<int64_t>& rebuilt_limits, bool batched_copy) {
  constexpr bool kHasLimits = requires {
                                R(parameters, buckets, group, sparse, bucket_bytes, false, false,
                                  names, first_bucket_bytes, false, false, rebuilt_limits, false);
                              };
  if constexpr (kHasLimits) {
    return std::make_shared<R>(parameters, std::move(buckets), group, sparse, bucket_bytes,
                               find_unused_parameters, gradient_as_bucket_view, names,
                               first_bucket_bytes, skip_unused, false, rebuilt_limits,
                               batched_copy);
  } else {
    TORCH_CHECK(rebuilt_limits.empty() && !batched_copy,
                "bucket_cap_mb_list and batched_grad_copy need libtorch 2.13");
    return std::make_shared<R>(parameters, std::move(buckets), group, sparse, bucket_bytes,
                               find_unused_parameters, gradient_as_bucket_view, names,
                               first_bucket_bytes, skip_unused, false);
  }
}

// `limits`: bytes of the first buckets. `rebuilt_limits`: of those that are rebuilt.
napi_value new_reducer(Environment& environment, const GroupPointer& group,
                       const Tensors& parameters, const std::vector<std::string>& names,
                       const std::vector<bool>& sparse, const std::vector<int64_t>& limits,
                       int64_t bucket_bytes, int64_t first_bucket_bytes,
                       const std::vector<int64_t>& rebuilt_limits, bool find_unused_parameters,
                       bool gradient_as_bucket_view, bool skip_unused, bool batched_copy,
                       bool static_graph) {
  auto buckets =
      std::get<0>(c10d::compute_bucket_assignment_by_size(parameters, to_sizes(limits), sparse));
  std::reverse(buckets.begin(), buckets.end());
  std::unordered_map<size_t, std::string> numbered;
  for (size_t index = 0; index < names.size(); ++index) numbered.emplace(index, names[index]);
  std::shared_ptr<Reducer> reducer =
      make_reducer(parameters, buckets, group, sparse, bucket_bytes, find_unused_parameters,
                   gradient_as_bucket_view, numbered, first_bucket_bytes, skip_unused,
                   rebuilt_limits, batched_copy);
  if (static_graph) reducer->set_static_graph();
  auto replica = std::make_shared<Replica>(std::move(reducer), group, static_graph);
  remember(replica);
  return new_external(environment, kReducerType,
                      std::make_unique<ReducerHandle>(std::move(replica), parameters,
                                                      environment.async().memory()));
}

// --- in each iteration ---------------------------------------------------------------------------

// What must happen before the model's forward, in the order of the collectives. `synchronizes`:
// whether the backward pass will combine gradients. Returns a promise.
napi_value before_forward(Environment& environment, ReducerHandle* handle,
                          const GroupPointer& group, const Tensors& buffers, bool synchronizes) {
  const ReplicaPointer& replica = handle->get();
  auto task = std::make_unique<Task>();
  task->tensors = buffers;
  task->written = buffers;
  task->result = [&environment] { return undefined(environment); };
  const bool is_on_cpu = std::all_of(buffers.begin(), buffers.end(),
                                     [](const at::Tensor& buffer) { return buffer.is_cpu(); });
  // To rebuild the buckets, the ranks agree on their order.
  task->starts_at_once =
      is_on_cpu && starts_at_once(group) && !replica->reducer->should_rebuild_buckets();
  task->start = [replica, group, buffers, synchronizes, is_on_cpu](const Task::Done& done) {
    replica->synchronizes = synchronizes;
    if (at::GradMode::is_enabled()) {
      if (synchronizes) replica->reducer->prepare_for_forward();
      replica->reducer->rebuild_buckets();
    }
    if (is_on_cpu) return start_broadcast(group, buffers, done);
    // On a device, the copies are on the caller's stream.
    broadcast(group, buffers, 0);
    done(nullptr);
  };
  return environment.tasks().submit(environment.tasks().collectives(), std::move(task));
}

// What must happen after it. `outputs`: the tensors whose graph tells which parameters are used.
void after_forward(ReducerHandle* handle, const Tensors& outputs) {
  TORCH_CHECK_VALUE(handle->get()->group, "Invalid process group specified or has been destroyed.");
  handle->get()->reducer->prepare_for_backward(outputs);
}

// Passes the gradients of a model's outputs on. A missing one stays missing, so that the reducer
// knows of parameters without a gradient. With a static graph, the gradients of the first backward
// pass are combined at its end.
class Sink final : public autograd::Node {
 public:
  explicit Sink(const ReplicaPointer& replica) : replica_(replica) {}

  std::string name() const override { return "_DDPSinkBackward"; }
  void compiled_args(torch::dynamo::autograd::CompiledNodeArgs&) const override {}

  autograd::variable_list apply(autograd::variable_list&& gradients) override {
    const ReplicaPointer replica = replica_.lock();
    if (replica && replica->delays.exchange(false)) {
      autograd::Engine::get_default_engine().queue_callback(
          [replica] { replica->reducer->delay_all_reduce(); });
    }
    return std::move(gradients);
  }

 private:
  std::weak_ptr<Replica> replica_;
};

// Returns copies of a model's outputs, whose gradients pass through a Sink.
Tensors sink(ReducerHandle* handle, const Tensors& outputs) {
  auto node = make_node<Sink>(handle->get());
  node->set_next_edges(autograd::collect_next_edges(outputs));
  std::vector<std::optional<at::Tensor>> copies;
  {
    const at::NoGradGuard no_recording;
    for (const at::Tensor& output : outputs) copies.emplace_back(output.clone());
  }
  const auto no_forward_mode = [](const autograd::variable_list&,
                                  const autograd::variable_list&) -> autograd::variable_list {
    TORCH_CHECK_NOT_IMPLEMENTED(false, "forward-mode AD is not supported");
  };
  const auto view_as_self = [](const at::Tensor& tensor) { return tensor.view_as(tensor); };
  const std::unordered_set<at::TensorImpl*> none;
  auto wrapped =
      wrap_outputs(outputs, none, none, copies, node, no_forward_mode, none, view_as_self, false);
  Tensors results;
  for (const auto& output : wrapped) results.push_back(*output);
  return results;
}

}  // namespace

ReducerHandle::ReducerHandle(ReplicaPointer replica, Tensors parameters,
                             std::shared_ptr<MemoryUse> environment)
    : replica_{std::move(replica), std::move(environment)}, parameters_(std::move(parameters)) {
  shared_leaves::add(parameters_, get());
}

ReducerHandle::~ReducerHandle() {
  shared_leaves::remove(parameters_);
  // Else a backward pass uses it, and the hooks are removed at its end.
  if (get().use_count() == 1) get()->reducer->remove_autograd_hooks();
}

void broadcast(const GroupPointer& group, const Tensors& tensors, int source) {
  if (tensors.empty()) return;
  keeping_versions(tensors,
                   [&] { c10d::broadcast_coalesced(group, tensors, kBroadcastBytes, source); });
}

napi_value submit_collective(Environment& environment, const Tensors& written,
                             std::function<void()> function, std::function<napi_value()> result) {
  auto task = std::make_unique<Task>();
  task->tensors = written;
  task->written = written;
  task->start = [function = std::move(function)](const Task::Done& done) {
    function();
    done(nullptr);
  };
  task->result = std::move(result);
  return environment.tasks().submit(environment.tasks().collectives(), std::move(task));
}

void release_reducers(const GroupPointer& group) {
  std::lock_guard lock(replicas().mutex);
  for (const auto& each : replicas().all) {
    const ReplicaPointer replica = each.lock();
    if (replica && replica->group == group) replica->release();
    if (replica && *replica->hook_group == group) *replica->hook_group = {};
  }
}

}  // namespace distributed

template <>
distributed::ReducerHandle* read(Environment& environment, napi_value value) {
  return read_external<distributed::ReducerHandle>(environment, distributed::kReducerType, value);
}

void add_reducers(Bindings& bindings) {
  using namespace distributed;  // NOLINT: a list of names
  bindings.add<&synchronize>("dist_synchronize_model");
  bindings.add<&new_reducer>("dist_new_reducer");
  bindings.add<&before_forward>("dist_before_forward");
  bindings.add<&after_forward>("dist_after_forward");
  bindings.add("dist_delays", [](ReducerHandle* handle) { return handle->get()->delays.load(); });
  bindings.add<&sink>("dist_sink");
}

}  // namespace torch_losses
