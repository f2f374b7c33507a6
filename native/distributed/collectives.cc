// The operators of the namespaces c10d and _c10d_functional, each as a promise of its end.
#include <ATen/core/dispatch/Dispatcher.h>

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>

#include "bindings/bindings.h"
#include "distributed/groups.h"
#include "distributed/values.h"
#include "operators/calls.h"

namespace torch_losses {

namespace distributed {
namespace {

using c10::IValue;
using torch::jit::Stack;
using WorkPointer = c10::intrusive_ptr<c10d::Work>;

bool is_message(const std::string& name) {
  return name == "c10d::send" || name == "c10d::recv_" || name == "c10d::recv_any_source_";
}

// Whether an operator writes to the tensors of a parameter. The schemas do not tell.
bool writes_to(const std::string& name, const Parameter& parameter) {
  if (name == "c10d::send") return false;
  if (name.starts_with("c10d::")) return !parameter.name.starts_with("input");
  return parameter.written;
}

// Throws for what c10d and Gloo use before they check it.
void check_arguments(const Call& call, const Stack& stack) {
  const std::string& name = call.op.schema().name();
  const bool divides_rows =
      name.find("scatter_tensor") != name.npos || name.find("into_tensor") != name.npos ||
      name.ends_with("_reduce_scatter_base_") || name.ends_with("all_to_all_single");
  // A group with the debug level DETAIL compares these before libtorch checks them.
  if (name == "c10d::allgather_" || name == "c10d::reduce_scatter_") {
    const size_t outputs = stack[0].toListRef().size();
    const size_t inputs = stack[1].toListRef().size();
    TORCH_CHECK_VALUE(outputs == inputs, name, " takes as many outputs as inputs, got ", outputs,
                      " and ", inputs);
  }
  std::vector<int64_t> ranks;
  GroupPointer group;
  std::vector<std::vector<int64_t>> dimensions(stack.size());
  for (size_t i = 0; i < stack.size(); ++i) {
    const std::string& parameter = call.op.parameters()[i].name;
    if (parameter == "dst" || parameter == "src") ranks.push_back(stack[i].toInt());
    if (parameter == "peer_list") ranks = stack[i].toIntVector();
    if (parameter == "process_group") group = stack[i].toCustomClass<c10d::ProcessGroup>();
    if (parameter == "group_name" && stack[i].isString()) {
      group = c10d::resolve_process_group(stack[i].toStringRef());
    }
    if (parameter == "group_size") {
      TORCH_CHECK_VALUE(stack[i].toInt() > 0, "group_size must be positive, got ",
                        stack[i].toInt());
    }
    visit_tensors(stack[i], [&](const at::Tensor& tensor) {
      TORCH_CHECK_VALUE(!divides_rows || tensor.dim() > 0, name,
                        " takes no tensor without a dimension");
      dimensions[i].push_back(tensor.dim());
    });
  }
  for (const int64_t rank : ranks) {
    TORCH_CHECK_VALUE(!group || (rank >= 0 && rank < group->getSize()),
                      "the other process must have a rank from 0 to ", group->getSize() - 1,
                      ", got ", rank);
  }
  if (!divides_rows || !name.starts_with("c10d::") || name.find("scatter") == name.npos) return;
  for (size_t i = 0; i < std::min(dimensions[0].size(), dimensions[1].size()); ++i) {
    TORCH_CHECK_VALUE(dimensions[0][i] <= dimensions[1][i], "the output has ", dimensions[0][i],
                      " dimensions, and the input ", dimensions[1][i]);
  }
}

WorkPointer work_in(const Stack& stack) {
  if (stack.empty() || !stack.back().isCustomClass()) return {};
  return stack.back().toCustomClass<c10d::Work>();
}

// One call of a collective, from its start to its end.
class Collective {
 public:
  Collective(Call call, Stack stack, bool wants_results)
      : call_(std::move(call)),
        stack_(std::move(stack)),
        name_(call_.op.schema().name()),
        wants_results_(wants_results) {}

  void describe(Task& task) {
    task.is_message = is_message(name_);
    GroupPointer group;  // none if the operator takes its name
    for (size_t i = 0; i < stack_.size(); ++i) {
      const Parameter& parameter = call_.op.parameters()[i];
      if (parameter.name == "process_group") group = stack_[i].toCustomClass<c10d::ProcessGroup>();
      const bool written = writes_to(name_, parameter);
      visit_tensors(stack_[i], [&](const at::Tensor& tensor) {
        task.tensors.push_back(tensor);
        if (!tensor.is_cpu()) uses_device_ = true;
        if (written) task.written.push_back(tensor);
      });
    }
    task.starts_at_once =
        !uses_device_ && group && starts_at_once(group) && name_ != "c10d::monitored_barrier_";
  }

  // Starts it. Calls `done` at its end, or on CUDA when the caller's stream will wait for it.
  void start(const Task::Done& done) {
    {
      std::lock_guard lock(mutex_);
      TORCH_CHECK(!aborted_, "the operation was aborted");
    }
    call_.run(stack_);
    WorkPointer work = work_in(stack_);
    if (!work) {
      if (!name_.starts_with("_c10d_functional")) return done(nullptr);
      wait_aside([this, done] { wait_for_results(done); });
      return;
    }
    {
      std::lock_guard lock(mutex_);
      work_ = work;
      if (aborted_) work->abort();
    }
    auto future = future_of(*work);
    if (uses_device_) {
      // NCCL's work has been launched: to wait is to make the caller's stream wait. Only a barrier
      // blocks, and the works of Gloo.
      if (future && future->completed() && name_ != "c10d::barrier") return wait_for(*work, done);
      wait_aside([work, done] { wait_for(*work, done); });
    } else if (future) {
      future->addCallback([done](c10::ivalue::Future& ended) {
        done(ended.hasError() ? ended.exception_ptr() : nullptr);
      });
    } else {
      wait_aside([work, done] { wait_for(*work, done); });
    }
  }

  void abort() {
    std::lock_guard lock(mutex_);
    aborted_ = true;
    if (work_) work_->abort();
  }

  napi_value result() {
    Environment& environment = call_.environment;
    if (name_ == "c10d::recv_any_source_") {
      return to_javascript(environment, static_cast<int64_t>(work_->sourceRank()));
    }
    if (!wants_results_) return undefined(environment);
    if (work_) stack_.back() = {};  // it is done
    return results(call_, std::move(stack_));
  }

 private:
  // Returns nullptr for works without a future: those of messages and of reduce_scatter.
  c10::intrusive_ptr<c10::ivalue::Future> future_of(c10d::Work& work) const {
    if (is_message(name_)) return {};
    try {
      return work.getFuture();
    } catch (const c10::Error&) {
      return {};
    }
  }

  // Runs a function on a thread of its own, with the caller's streams.
  void wait_aside(std::function<void()> wait) const {
    if (!uses_device_) return std::thread(std::move(wait)).detach();
    std::thread([wait = std::move(wait), state = CallerState()] {
      try {
        state.apply();
      } catch (const c10::Error&) {
        // The device has failed: to wait will tell.
      }
      wait();
    }).detach();
  }

  static void wait_for(c10d::Work& work, const Task::Done& done) {
    std::exception_ptr error;
    try {
      TORCH_CHECK(work.wait(), "the operation was aborted");
    } catch (...) {
      error = std::current_exception();
    }
    done(std::move(error));
  }

  // Waits for the tensors that a functional collective has returned.
  void wait_for_results(const Task::Done& done) {
    std::exception_ptr error;
    try {
      static const auto wait_tensor = c10::Dispatcher::singleton()
                                          .findSchemaOrThrow("_c10d_functional::wait_tensor", "")
                                          .typed<at::Tensor(const at::Tensor&)>();
      for (const IValue& value : stack_) {
        visit_tensors(value, [](const at::Tensor& tensor) { wait_tensor.call(tensor); });
      }
    } catch (...) {
      error = std::current_exception();
    }
    done(std::move(error));
  }

  const Call call_;
  Stack stack_;
  const std::string name_;
  const bool wants_results_;
  bool uses_device_ = false;
  std::mutex mutex_;
  WorkPointer work_;
  bool aborted_ = false;
};

// Starts a collective. The values: its number for dist_abort, whether the results are wanted,
// whether it belongs to a communication hook, then those of call_operator. Returns a promise of its
// end.
napi_value run_collective(napi_env env, napi_callback_info info) {
  CallbackArguments values(env, info);
  Environment& environment = values.environment();
  return run_guarded(environment, [&] {
    if (values.count() < 3) throw_type_error("dist_collective() needs a number and two booleans");
    AsyncQueue::SubmissionScope submission(environment.async());
    auto task = std::make_unique<Task>();
    task->number = Argument<int64_t>::from(environment, values[0]);
    const bool wants_results = Argument<bool>::from(environment, values[1]);
    task->is_awaited = Argument<bool>::from(environment, values[2]);
    auto [call, stack] = read_call(values, 3);
    check_arguments(call, stack);
    auto collective =
        std::make_shared<Collective>(std::move(call), std::move(stack), wants_results);
    collective->describe(*task);
    task->start = [collective](const Task::Done& done) { collective->start(done); };
    task->abort = [collective] { collective->abort(); };
    task->result = [collective] { return collective->result(); };
    Tasks& tasks = environment.tasks();
    Lane& lane = task->is_awaited ? tasks.awaited() : tasks.collectives();
    return tasks.submit(lane, std::move(task));
  });
}

}  // namespace

c10::IValue group_value(Environment& environment, napi_value value) {
  return read<GroupPointer>(environment, value);
}

c10::IValue reduce_op_value(Environment& environment, napi_value value) {
  const auto number = read<int64_t>(environment, value);
  if (number < 0 || number > c10d::ReduceOp::UNUSED) throw ArgumentMismatch{"a ReduceOp"};
  return c10::make_intrusive<c10d::ReduceOp>(static_cast<c10d::ReduceOp::RedOpType>(number));
}

}  // namespace distributed

void add_collectives(Bindings& bindings) {
  bindings.add("dist_collective", &distributed::run_collective);
  bindings.add("dist_abort",
               [](Environment& environment, int64_t number) { environment.tasks().abort(number); });
}

}  // namespace torch_losses
