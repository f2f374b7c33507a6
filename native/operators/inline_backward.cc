// Source of the order and of each step: torch/csrc/autograd/engine.cpp (Engine::execute,
// evaluate_function).
#include "operators/inline_backward.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/add.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/Stream.h>
#include <c10/core/SymIntArrayRef.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/SmallVector.h>
#include <c10/util/accumulate.h>
#include <torch/csrc/autograd/anomaly_mode.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/generated/Functions.h>
#include <torch/csrc/autograd/variable.h>

#include <optional>
#include <string>
#include <typeinfo>
#include <utility>

#include "bindings/small_work.h"
#include "kernels/kernels.h"

namespace torch_losses {
namespace {

namespace autograd = torch::autograd;
using autograd::Node;
using autograd::variable_list;
using c10::impl::VirtualGuardImpl;

// The most functions of a small graph. With more, the linear search in `find` costs more than the
// engine.
constexpr size_t kMostFunctions = 32;

struct Task {
  Node* function = nullptr;
  // The number of edges to this function whose gradient has not arrived yet.
  int awaited = 0;
  bool done = false;
  variable_list gradients;
};
using Tasks = c10::SmallVector<Task, kMostFunctions>;

// Where an eligible graph lies: on the CPU, or on one CUDA device with all of its functions
// recorded on the stream that is current now. Kernels that this thread launches on that stream run
// after those launched before, as kernels from the engine's thread would.
class Place {
 public:
  explicit Place(const autograd::InputMetadata& result) : device_(result.device()) {
    if (device_.is_cuda()) stream_ = VirtualGuardImpl(device_.type()).getStream(device_);
  }

  // The device to make current; none for the CPU.
  std::optional<c10::Device> device() const {
    return stream_ ? std::optional(device_) : std::nullopt;
  }

  bool holds(const autograd::InputMetadata& result) const {
    return result.device() == device_ && (device_.is_cpu() || result.stream() == stream_);
  }

 private:
  c10::Device device_;
  std::optional<c10::Stream> stream_;
};

bool is_eligible(Node& function, const Place& place) {
  if (!function.pre_hooks().empty() || !function.tensor_pre_hooks().empty() ||
      !function.retains_grad_hooks().empty() || !function.post_hooks().empty()) {
    return false;
  }
  for (uint32_t input = 0; input < function.num_inputs(); ++input) {
    const auto& metadata = function.input_metadata(input);
    if (!place.holds(metadata) || metadata.is_nested_tensor()) return false;
  }
  return true;
}

Task* find(Tasks& tasks, const Node* function) {
  for (Task& task : tasks) {
    if (task.function == function) return &task;
  }
  return nullptr;
}

// Collects the functions that the root reaches, each with the number of edges that lead to it.
// Returns false if one is not eligible, or if there are too many.
bool discover(Node& root, const Place& place, Tasks& tasks) {
  if (!is_eligible(root, place)) return false;
  tasks.push_back({&root, 0, false, {}});
  for (size_t index = 0; index < tasks.size(); ++index) {
    for (const auto& edge : tasks[index].function->next_edges()) {
      Node* next = edge.function.get();
      if (next == nullptr) continue;
      Task* task = find(tasks, next);
      if (task == nullptr) {
        if (tasks.size() == kMostFunctions || !is_eligible(*next, place)) return false;
        tasks.push_back({next, 0, false, {}});
        task = &tasks.back();
      }
      ++task->awaited;
    }
  }
  for (Task& task : tasks) task.gradients.resize(task.function->num_inputs());
  return true;
}

// Returns the next function in the engine's order: of those that are ready, the one recorded last.
Task* next_ready(Tasks& tasks) {
  Task* latest = nullptr;
  for (Task& task : tasks) {
    if (task.done || task.awaited > 0) continue;
    if (latest == nullptr || task.function->sequence_nr() > latest->function->sequence_nr()) {
      latest = &task;
    }
  }
  return latest;
}

// Whether the tensor may be changed in place: nothing else refers to it or to its memory.
bool is_unshared(const at::Tensor& tensor) {
  return tensor.use_count() == 1 && tensor.has_storage() && tensor.storage().use_count() == 1 &&
         tensor.is_non_overlapping_and_dense() && !tensor._is_zerotensor();
}

void add(at::Tensor& sum, at::Tensor&& gradient) {
  if (!gradient.defined()) return;
  if (!sum.defined()) {
    sum = std::move(gradient);
  } else if (sum.is_sparse() && !gradient.is_sparse()) {
    sum = at::add(gradient, sum);  // the other way round is not implemented
  } else if (is_unshared(sum)) {
    sum.add_(gradient);
  } else {
    sum = at::add(sum, gradient);
  }
}

template <typename... Functions>
bool is_one_of(const Node& function) {
  const std::type_info& type = typeid(function);
  return ((type == typeid(Functions)) || ...);
}

// Whether libtorch distributes the function over threads even for small tensors.
bool divides_small_work(Node& function) {
  if (!function.input_metadata(0).device().is_cpu()) return false;
  using namespace torch::autograd::generated;
  return is_one_of<NllLossBackward0, NllLoss2DBackward0, LogSoftmaxBackward0, LogSigmoidBackward0,
                   SoftMarginLossBackward0, CtcLossBackward0, CtcLossBackward1>(function);
}

int64_t elements_of_result(const Node& function) {
  const auto& edge = function.next_edge(0);
  if (!edge.is_valid()) return 0;
  return c10::multiply_integers(
      C10_AS_INTARRAYREF_SLOW(edge.function->input_metadata(edge.input_nr).shape_as_dim_vector()));
}

// Runs a function. It owns the gradients, so that they are freed before this returns, and the next
// function owns alone what it is given: it may keep it or add to it.
variable_list apply(Node& function, variable_list gradients) {
  std::optional<SmallWork> small_work;
  if (divides_small_work(function)) small_work.emplace(elements_of_result(function));
  return function(std::move(gradients));
}

void begin(Task& task, bool keep_graph) {
  task.done = true;
  if (!keep_graph) task.function->will_release_variables();
}

void end(Task& task, variable_list results, Tasks& tasks, bool keep_graph) {
  Node& function = *task.function;
  autograd::validate_outputs(function.next_edges(), results, [&](const std::string& problem) {
    return "Function " + function.name() + " returned an " + problem;
  });
  if (!keep_graph) function.release_variables();
  for (size_t index = 0; index < results.size(); ++index) {
    const auto& edge = function.next_edge(index);
    if (!edge.is_valid()) continue;
    Task& next = *find(tasks, edge.function.get());
    add(next.gradients[edge.input_nr], std::move(results[index]));
    --next.awaited;
  }
}

// Runs a task and the next one together, if an own kernel computes the gradient of both and nothing
// else leads to the next. Returns whether it did.
bool run_pair(Task& task, Tasks& tasks, bool keep_graph) {
  if (task.function->num_outputs() != 1 || task.gradients.size() != 1) return false;
  Task* next = find(tasks, task.function->next_edge(0).function.get());
  const bool is_pair = next != nullptr && next->awaited == 1 && next->gradients.size() == 1 &&
                       !next->gradients[0].defined() &&
                       next->function->sequence_nr() + 1 == task.function->sequence_nr();
  if (!is_pair) return false;
  at::Tensor result = kernels::gradient(*task.function, *next->function, task.gradients[0]);
  if (!result.defined()) return false;
  begin(task, keep_graph);
  end(task, {at::Tensor()}, tasks, keep_graph);
  begin(*next, keep_graph);
  end(*next, {std::move(result)}, tasks, keep_graph);
  return true;
}

void run(Task& task, Tasks& tasks, bool keep_graph) {
  if (run_pair(task, tasks, keep_graph)) return;
  begin(task, keep_graph);
  variable_list results = apply(*task.function, std::move(task.gradients));
  end(task, std::move(results), tasks, keep_graph);
}

}  // namespace

bool backward_inline(const at::Tensor& root, const at::Tensor& gradient, bool keep_graph) {
  autograd::Edge edge = autograd::impl::gradient_edge(root);
  if (!edge.is_valid() || autograd::AnomalyMode::is_enabled()) return false;
  const Place place(edge.function->input_metadata(edge.input_nr));
  Tasks tasks;
  if (!discover(*edge.function, place, tasks)) return false;
  variable_list start{gradient};
  autograd::validate_outputs({edge}, start, [](const std::string& problem) { return problem; });
  tasks[0].gradients[edge.input_nr] = std::move(start[0]);
  const c10::OptionalDeviceGuard guard(place.device());
  // create_graph needs the engine, so nothing is recorded.
  at::AutoGradMode no_recording(false);
  while (Task* task = next_ready(tasks)) run(*task, tasks, keep_graph);
  return true;
}

}  // namespace torch_losses
