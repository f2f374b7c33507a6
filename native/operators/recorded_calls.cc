// Calls of operators that are recorded, to run together as one job (bindings/recording.h).
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/bindings.h"
#include "bindings/functions.h"
#include "bindings/python.h"
#include "bindings/recording.h"
#include "operators/calls.h"

namespace torch_losses {
namespace {

using c10::IValue;
using torch::jit::Stack;

// A call, and the placeholders of its results.
struct RecordedCall {
  std::pair<Call, Stack> call;
  std::vector<at::Tensor> results;
};

Recording& current(Environment& environment) {
  TORCH_CHECK(environment.recording() != nullptr, "nothing is recorded");
  return *environment.recording();
}

// --- the arguments -------------------------------------------------------------------------------

// Calls `visit` with each tensor of a call, and whether the call writes to it.
template <typename Visit>
void visit_arguments(const std::pair<Call, Stack>& call, Visit visit) {
  const auto& parameters = call.first.op.parameters();
  for (size_t index = 0; index < parameters.size(); ++index) {
    visit_tensors(call.second[index],
                  [&](const at::Tensor& tensor) { visit(tensor, parameters[index].written); });
  }
}

// Whether a recorded call must run before this one.
bool depends_on(const Recording& recording, const std::pair<Call, Stack>& call) {
  bool depends = false;
  visit_arguments(call, [&](const at::Tensor& tensor, bool is_written) {
    depends = depends || placeholder_of(tensor) != nullptr || recording.writes(tensor) ||
              (is_written && recording.uses(tensor));
  });
  return depends;
}

bool is_number(const at::Tensor& tensor) { return tensor.is_cpu() && tensor.dim() == 0; }

// Whether a call computes with single elements only.
bool is_small(const std::pair<Call, Stack>& call) {
  bool has_sizes = false;
  for (const IValue& value : call.second) {
    if (!value.isIntList()) continue;
    if (!value.toIntList().empty()) return false;
    has_sizes = true;
  }
  bool has_tensors = false;
  bool are_numbers = true;
  visit_arguments(call, [&](const at::Tensor& tensor, bool) {
    has_tensors = true;
    are_numbers = are_numbers && is_number(tensor);
  });
  return has_tensors ? are_numbers : has_sizes;
}

void resolve_all(IValue& value) {
  if (value.isTensor()) {
    at::Tensor tensor = value.toTensor();
    resolve(tensor);
    value = std::move(tensor);
  } else if (value.isTensorList()) {
    c10::List<at::Tensor> list = value.toTensorList();
    for (size_t index = 0; index < list.size(); ++index) {
      at::Tensor tensor = list.get(index);
      resolve(tensor);
      list.set(index, std::move(tensor));
    }
  } else if (value.isOptionalTensorList()) {
    c10::List<std::optional<at::Tensor>> list = value.toOptionalTensorList();
    for (size_t index = 0; index < list.size(); ++index) {
      std::optional<at::Tensor> tensor = list.get(index);
      if (tensor) resolve(*tensor);
      list.set(index, std::move(tensor));
    }
  } else if (value.isList()) {
    for (const IValue& element : value.toListRef()) {
      IValue same = element;  // shares a list's elements
      resolve_all(same);
    }
  }
}

// --- the results ---------------------------------------------------------------------------------

at::Tensor new_placeholder() { return at::Tensor(c10::make_intrusive<Placeholder>()); }

// Makes the result of a call before it runs, from its schema.
class Results {
 public:
  Results(Environment& environment, const std::pair<Call, Stack>& call)
      : environment_(environment), call_(call) {}

  // Returns the JavaScript value, and adds its placeholders. Returns nullptr if the number of
  // tensors depends on the call, or if a result is no tensor.
  napi_value make(std::vector<at::Tensor>& placeholders) {
    const auto& returns = call_.first.op.schema().returns();
    if (returns.empty()) return undefined(environment_);
    std::vector<napi_value> values;
    for (const c10::Argument& each : returns) {
      napi_value value = make_one(each, placeholders);
      if (value == nullptr) return nullptr;
      values.push_back(value);
    }
    return values.size() == 1 ? values[0] : to_javascript(environment_, values);
  }

 private:
  napi_value make_one(const c10::Argument& each, std::vector<at::Tensor>& placeholders) {
    const bool is_tensor = each.type()->kind() == c10::TypeKind::TensorType;
    if (each.alias_info() != nullptr && each.alias_info()->isWrite()) {
      return is_tensor ? same_argument(*each.alias_info()) : nullptr;
    }
    if (is_tensor) {
      placeholders.push_back(new_placeholder());
      return to_javascript(environment_, placeholders.back());
    }
    // Such an operator returns a tensor for each one of its first argument.
    const std::string& name = call_.first.op.schema().name();
    if (!name.starts_with("aten::_foreach_") || !call_.second[0].isTensorList()) return nullptr;
    const std::vector<at::Tensor> tensors(call_.second[0].toTensorList().size());
    const auto begin = static_cast<std::ptrdiff_t>(placeholders.size());
    for (size_t count = tensors.size(); count > 0; --count) {
      placeholders.push_back(new_placeholder());
    }
    return to_javascript(environment_,
                         std::vector<at::Tensor>(placeholders.begin() + begin, placeholders.end()));
  }

  // Returns the mark of an argument that is a result, too: -1 - position.
  napi_value same_argument(const c10::AliasInfo& alias) {
    const auto& arguments = call_.first.op.schema().arguments();
    for (size_t index = 0; index < arguments.size(); ++index) {
      const c10::AliasInfo* other = arguments[index].alias_info();
      if (other != nullptr && *other == alias) {
        return to_javascript(environment_, -static_cast<double>(index) - 1);
      }
    }
    return nullptr;
  }

  Environment& environment_;
  const std::pair<Call, Stack>& call_;
};

// Runs a recorded call, and sets its placeholders.
void run(RecordedCall& recorded, Stack& stack) {
  stack = recorded.call.second;
  for (IValue& value : stack) resolve_all(value);
  recorded.call.first.run(stack);
  auto next = recorded.results.begin();
  const auto& returns = recorded.call.first.op.schema().returns();
  for (size_t index = 0; index < stack.size() && next != recorded.results.end(); ++index) {
    if (returns[index].alias_info() != nullptr && returns[index].alias_info()->isWrite()) continue;
    visit_tensors(stack[index], [&](const at::Tensor& tensor) {
      static_cast<Placeholder*>((next++)->unsafeGetTensorImpl())->set(tensor);
    });
  }
}

// --- recording -----------------------------------------------------------------------------------

// Runs a call on the environment's thread.
napi_value run_now(Environment& environment, std::pair<Call, Stack> call) {
  visit_arguments(call, [&](const at::Tensor& tensor, bool is_written) {
    environment.async().wait_to_read(tensor);
    if (is_written) environment.async().wait_to_write(tensor);
  });
  call.first.run(call.second);
  return results(call.first, std::move(call.second));
}

// Returns the result of the call in an array; undefined if JavaScript must let the recorded calls
// run to get it.
napi_value record(Environment& environment, Recording& recording, std::pair<Call, Stack> read) {
  const BoundOperator& op = read.first.op;
  const bool depends = depends_on(recording, read);
  const bool is_first = op.is_view() || (recording.runs_small_calls() && is_small(read));
  if (is_first && !depends) {
    return to_javascript(environment,
                         std::vector<napi_value>{run_now(environment, std::move(read))});
  }
  if (!op.returns_tensors()) throw NotComputed{};
  auto recorded = std::make_shared<RecordedCall>(RecordedCall{std::move(read), {}});
  napi_value value = Results(environment, recorded->call).make(recorded->results);
  visit_arguments(recorded->call, [&](const at::Tensor& tensor, bool is_written) {
    const bool is_constant = tensor.unsafeGetTensorImpl()->is_wrapped_number();
    if (placeholder_of(tensor) == nullptr && !is_constant) recording.use(tensor, is_written);
  });
  if (value != nullptr) {
    recording.add(
        [recorded] {
          Stack stack;
          run(*recorded, stack);
        },
        !op.writes());
    return to_javascript(environment, std::vector<napi_value>{value});
  }
  recorded->results.clear();
  auto stack = std::make_shared<Stack>();
  recording.add([recorded, stack] { run(*recorded, *stack); }, !op.writes());
  recording.result = [recorded, stack] { return results(recorded->call.first, std::move(*stack)); };
  return undefined(environment);
}

napi_value record_operator(napi_env env, napi_callback_info info) {
  CallbackArguments values(env, info);
  Environment& environment = values.environment();
  return run_guarded(environment, [&] {
    Recording& recording = current(environment);
    std::optional<std::pair<Call, Stack>> read;
    {
      AsyncQueue::SubmissionScope submission(environment.async());
      Recording::ReadingScope reading(recording);
      read.emplace(read_call(values, 0));
    }
    check_can_be_job(read->first.op);
    return record(environment, recording, std::move(*read));
  });
}

// --- checks of layers, which are recorded if the tensor is not computed yet ----------------------

void record_check(Environment& environment, double handle,
                  std::function<void(const at::Tensor&)> check) {
  current(environment)
      .add(
          [given = environment.handles().get(handle), check = std::move(check)] {
            at::Tensor tensor = given;
            resolve(tensor);
            check(tensor);
          },
          true);
}

// The tensor must have one of these numbers of dimensions.
void check_dims(const at::Tensor& tensor, const std::vector<int64_t>& allowed) {
  std::string expected;
  for (int64_t each : allowed) {
    if (each == tensor.dim()) return;
    expected += (expected.empty() ? "" : " or ") + std::to_string(each) + "D";
  }
  throw PythonError("ValueError", "expected " + expected + " input (got " +
                                      std::to_string(tensor.dim()) + "D input)");
}

// The tensor must have more than one element in each channel. Source: _verify_batch_size.
void check_batch_size(const at::Tensor& tensor) {
  if (tensor.dim() == 0) throw PythonError("IndexError", "tuple index out of range");
  int64_t count = tensor.size(0);
  for (int64_t dim = 2; dim < tensor.dim(); ++dim) count *= tensor.size(dim);
  if (count != 1) return;
  throw PythonError("ValueError",
                    "Expected more than 1 value per channel when training, got input size " +
                        python::repr_size(tensor.sizes()));
}

// --- jobs ----------------------------------------------------------------------------------------

// Ends the current recording, and runs its calls as a job.
napi_value run_recording_async(napi_env env, napi_callback_info info) {
  CallbackArguments values(env, info);
  Environment& environment = values.environment();
  return run_guarded(environment, [&] {
    current(environment);
    const std::shared_ptr<Recording> recording = environment.end_recording();
    const auto number = Argument<int64_t>::from(environment, values[0]);
    return detail::submit(environment, number, [&](Job& job) {
      job.tensors = recording->tensors;
      job.written = recording->written;
      job.run = [recording, &job] { recording->run(job); };
      job.result = [recording, &environment] {
        return recording->result ? recording->result() : undefined(environment);
      };
    });
  });
}

// What `run_turns` does: JavaScript and recorded calls in turn.
class Turns {
 public:
  Turns(Environment& environment, napi_value function) : function_(environment, function) {}

  // Runs until a turn returns false. May be called again if it throws and `job.is_repeatable`.
  void run(Job& job) {
    for (;;) {
      if (recording_) recording_->run(job);
      job.is_repeatable = false;
      if (!has_next_) return;
      function_.call([this](Environment& environment, napi_value function) {
        take_turn(environment, function);
      });
    }
  }

 private:
  void take_turn(Environment& environment, napi_value function) {
    const bool has_result = recording_ && recording_->result;
    napi_value last = has_result ? recording_->result() : undefined(environment);
    environment.start_recording(true);
    napi_value result = nullptr;
    const napi_status status =
        napi_call_function(environment.env(), undefined(environment), function, 1, &last, &result);
    recording_ = environment.end_recording();
    check(environment.env(), status);
    has_next_ = read<bool>(environment, result);
  }

  JavaScriptFunction function_;
  std::shared_ptr<Recording> recording_;
  bool has_next_ = true;
};

bool is_computed(Environment& environment, double handle) {
  const Placeholder* placeholder = placeholder_of(environment.handles().get(handle));
  return placeholder == nullptr || placeholder->value() != nullptr;
}

// Runs a JavaScript function, and the calls that it records, again and again until it returns
// false: a job that may change any memory, and changes that of the given tensors.
napi_value run_turns_async(napi_env env, napi_callback_info info) {
  CallbackArguments values(env, info);
  Environment& environment = values.environment();
  return run_guarded(environment, [&] {
    AsyncQueue::SubmissionScope submission(environment.async());
    const auto number = Argument<int64_t>::from(environment, values[0]);
    std::vector<at::Tensor> tensors;
    for (Handle handle : Argument<std::vector<double>>::from(environment, values[1])) {
      at::Tensor tensor = environment.handles().get(handle);
      if (!is_computed(environment, handle)) continue;
      resolve(tensor);
      tensors.push_back(std::move(tensor));
    }
    auto turns = std::make_shared<Turns>(environment, values[2]);
    return detail::submit(environment, number, [&](Job& job) {
      job.tensors = tensors;
      job.written = std::move(tensors);
      for (const at::Tensor& tensor : job.written) job.claim.write_gradient(tensor);
      job.runs_graph = true;
      job.run = [turns, &job] { turns->run(job); };
      job.result = [&environment] { return undefined(environment); };
    });
  });
}

}  // namespace

void add_recorded_calls(Bindings& bindings) {
  bindings.add("start_recording",
               [](Environment& environment) { environment.start_recording(false); });
  bindings.add("drop_recording", [](Environment& environment) {
    current(environment);
    environment.end_recording();
  });
  bindings.add("is_recording",
               [](Environment& environment) { return environment.recording() != nullptr; });
  bindings.add("has_recorded",
               [](Environment& environment) { return !current(environment).empty(); });
  bindings.add<&is_computed>("is_computed");
  bindings.add("record_dims",
               [](Environment& environment, double handle, const std::vector<int64_t>& allowed) {
                 record_check(environment, handle,
                              [allowed](const at::Tensor& tensor) { check_dims(tensor, allowed); });
               });
  bindings.add("record_batch_size", [](Environment& environment, double handle) {
    record_check(environment, handle, &check_batch_size);
  });
  bindings.add("record_operator", &record_operator);
  bindings.add_async("run_recording", &run_recording_async);
  bindings.add_async("run_turns", &run_turns_async);
}

}  // namespace torch_losses
