// Calls of any operator: converts the arguments as the operator's schema asks, and the results by
// their type. Source of the rules for numbers: torch/csrc/utils/python_arg_parser.cpp.
#include "operators/calls.h"

#include <utility>

#include "bindings/bindings.h"
#include "bindings/python.h"
#include "bindings/recording.h"
#include "distributed/values.h"
#include "operators/generators.h"

namespace torch_losses {
namespace {

using c10::IValue;
using torch::jit::Stack;

// --- from JavaScript -----------------------------------------------------------------------------

c10::List<std::optional<at::Tensor>> optional_tensors(Environment& environment, napi_value value) {
  c10::List<std::optional<at::Tensor>> list;
  for (auto& tensor : Argument<std::vector<std::optional<at::Tensor>>>::from(environment, value)) {
    list.push_back(std::move(tensor));
  }
  return list;
}

c10::impl::GenericList scalars(Environment& environment, napi_value value) {
  c10::impl::GenericList list(c10::NumberType::get());
  for (const auto& scalar : Argument<std::vector<at::Scalar>>::from(environment, value)) {
    list.push_back(IValue(scalar));
  }
  return list;
}

// Reads a list of integers. For a list of fixed size, such as `int[2]`, one number stands for all
// elements, as in Python.
IValue integers(Environment& environment, napi_value value, std::optional<int32_t> size) {
  if (!is_array(environment, value) && size) {
    return std::vector<int64_t>(static_cast<size_t>(*size), read<int64_t>(environment, value));
  }
  return Argument<std::vector<int64_t>>::from(environment, value);
}

IValue to_ivalue(Environment& environment, const Parameter& parameter, napi_value value,
                 bool is_handle) {
  switch (parameter.kind) {
    case Kind::Tensor:
      if (is_handle) return read<at::Tensor>(environment, value);
      return python::wrapped(read<at::Scalar>(environment, value));
    case Kind::TensorList: return Argument<std::vector<at::Tensor>>::from(environment, value);
    case Kind::OptionalTensorList: return optional_tensors(environment, value);
    case Kind::Int: return read<int64_t>(environment, value);
    case Kind::Float: return read<double>(environment, value);
    case Kind::Bool: return read<bool>(environment, value);
    case Kind::Scalar: return read<at::Scalar>(environment, value);
    case Kind::Complex: return read<at::Scalar>(environment, value).toComplexDouble();
    case Kind::String: return read<std::string>(environment, value);
    case Kind::Dtype:
    case Kind::Layout:
    case Kind::MemoryFormat: return read<int64_t>(environment, value);
    case Kind::Device: return read<at::Device>(environment, value);
    case Kind::Generator: return read<at::Generator>(environment, value);
    case Kind::IntList: return integers(environment, value, parameter.size);
    case Kind::FloatList: return Argument<std::vector<double>>::from(environment, value);
    case Kind::BoolList: {
      c10::List<bool> list;
      for (bool flag : Argument<std::vector<bool>>::from(environment, value)) list.push_back(flag);
      return list;
    }
    case Kind::ScalarList: return scalars(environment, value);
    case Kind::StringList: return Argument<std::vector<std::string>>::from(environment, value);
    case Kind::TensorLists:
      return Argument<std::vector<std::vector<at::Tensor>>>::from(environment, value);
    case Kind::ProcessGroup: return distributed::group_value(environment, value);
    case Kind::GroupName: return read<std::string>(environment, value);
    case Kind::ReduceOp: return distributed::reduce_op_value(environment, value);
    case Kind::Work:
    case Kind::Unsupported: break;
  }
  throw ArgumentMismatch{"of a type that JavaScript has"};
}

// --- to JavaScript -------------------------------------------------------------------------------

napi_value tensor_result(const Call& call, at::Tensor tensor) {
  if (!tensor.defined()) return call_node<napi_value>(call.environment.env(), napi_get_null);
  // An operator that returns its argument (`add_`, `contiguous`) must return the same JavaScript
  // object. A negative number, -1 - position, tells which.
  for (auto [position, impl] : call.tensors) {
    if (impl == tensor.unsafeGetTensorImpl()) {
      return to_javascript(call.environment, -static_cast<double>(position) - 1);
    }
  }
  return to_javascript(call.environment, std::move(tensor));
}

napi_value to_javascript_value(const Call& call, IValue value);

napi_value list_result(const Call& call, const IValue& value) {
  auto list = value.toListRef();
  napi_value array = new_array(call.environment, list.size());
  for (size_t index = 0; index < list.size(); ++index) {
    set_element(call.environment, array, index, to_javascript_value(call, list[index]));
  }
  return array;
}

napi_value to_javascript_value(const Call& call, IValue value) {
  Environment& environment = call.environment;
  if (value.isTensor()) return tensor_result(call, std::move(value).toTensor());
  if (value.isNone()) return tensor_result(call, at::Tensor());
  if (value.isBool()) return boolean(environment, value.toBool());
  if (value.isUnsigned()) return to_javascript(environment, value.toUInt());
  if (value.isScalar()) return to_javascript(environment, value.toScalar());
  if (value.isString()) return to_javascript(environment, value.toStringRef());
  if (value.isDevice()) return to_javascript(environment, value.toDevice().str());
  if (value.isTensorList()) {
    // Tensors in a list are new objects, like the list itself.
    return to_javascript(environment, value.toTensorVector());
  }
  if (value.isIntList()) return to_javascript(environment, value.toIntVector());
  if (value.isDoubleList()) return to_javascript(environment, value.toDoubleVector());
  if (value.isList()) return list_result(call, value);
  throw PythonError("NotImplementedError", call.op.schema().name() + " returns a " +
                                               value.tagKind() + ", which JavaScript has not");
}

// --- one call ------------------------------------------------------------------------------------

IValue argument(Call& call, size_t index, napi_value value, bool is_handle) {
  Environment& environment = call.environment;
  const Parameter& parameter = call.op.parameters()[index];
  const napi_valuetype type = type_of(environment, value);
  if (type == napi_undefined && parameter.default_value) return *parameter.default_value;
  if (parameter.optional && (type == napi_null || type == napi_undefined)) return {};
  if (type == napi_undefined) {
    throw_type_error(call.op.schema().name() + "() is missing value for argument '" +
                     parameter.name + "'. Declaration: " + c10::toString(call.op.schema()));
  }
  try {
    IValue converted = to_ivalue(environment, parameter, value, is_handle);
    if (parameter.kind == Kind::Tensor) {
      call.tensors.emplace_back(index, converted.toTensor().unsafeGetTensorImpl());
    }
    if (parameter.written) {
      visit_tensors(converted, [&](const at::Tensor& tensor) {
        if (placeholder_of(tensor) == nullptr) call.prepare_write(tensor);
      });
    }
    return converted;
  } catch (const ArgumentMismatch& mismatch) {
    throw_type_error(call.op.schema().name() + "(): argument '" + parameter.name + "' must be " +
                     mismatch.expected + ". Declaration: " + c10::toString(call.op.schema()));
  }
}

}  // namespace

void Call::prepare_write(const at::Tensor& tensor) {
  // A job may be computing on this memory.
  environment.async().wait_to_write(tensor);
  bool is_strided = tensor.layout() == at::kStrided && tensor.has_storage();
  if (is_strided && !tensor.storage().resizable()) unresizable.emplace_back(tensor);
}

void Call::run(Stack& stack) const {
  try {
    op.call(stack);
  } catch (...) {
    for (const SavedGeometry& geometry : unresizable) geometry.restore();
    throw;
  }
}

CallbackArguments::CallbackArguments(napi_env env, napi_callback_info info)
    : count_(inline_.size()), values_(inline_.data()) {
  napi_get_cb_info(env, info, &count_, values_, nullptr, &data_);
  if (count_ <= inline_.size()) return;
  heap_.resize(count_);
  values_ = heap_.data();
  napi_get_cb_info(env, info, &count_, values_, nullptr, &data_);
}

Environment& CallbackArguments::environment() const {
  return static_cast<const Binding*>(data_)->environment;
}

napi_value results(const Call& call, Stack stack) {
  if (stack.empty()) return undefined(call.environment);
  if (stack.size() == 1) return to_javascript_value(call, std::move(stack[0]));
  napi_value array = new_array(call.environment, stack.size());
  for (size_t index = 0; index < stack.size(); ++index) {
    set_element(call.environment, array, index, to_javascript_value(call, std::move(stack[index])));
  }
  return array;
}

std::pair<Call, Stack> read_call(const CallbackArguments& values, size_t first) {
  Environment& environment = values.environment();
  size_t leading = first + 2;
  if (values.count() < leading) throw_type_error("call_operator() needs an operator");
  auto number = Argument<int64_t>::from(environment, values[first]);
  auto handles = static_cast<uint64_t>(Argument<int64_t>::from(environment, values[first + 1]));
  const BoundOperator& op = environment.operators().at(static_cast<uint32_t>(number));
  size_t given = values.count() - leading;
  size_t expected = op.parameters().size();
  if (given > expected) {
    throw_type_error(op.schema().name() + "() takes " + std::to_string(expected) +
                     " argument(s). Declaration: " + c10::toString(op.schema()));
  }
  Call call{environment, op, {}, {}};
  Stack stack;
  stack.reserve(expected);
  napi_value missing = given < expected ? undefined(environment) : nullptr;
  for (size_t index = 0; index < expected; ++index) {
    bool is_handle = index < 53 && ((handles >> index) & 1U) != 0;
    napi_value value = index < given ? values[leading + index] : missing;
    stack.push_back(argument(call, index, value, is_handle));
  }
  return {std::move(call), std::move(stack)};
}

void check_can_be_job(const BoundOperator& op) {
  const std::string& name = op.schema().name();
  if (name != "aten::set_" && name != "aten::set_data") return;
  throw PythonError("RuntimeError", name +
                                        "() cannot be called asynchronously: it gives a tensor " +
                                        "other memory, which calls already made may be using");
}

namespace {

// Adds the arguments' tensors to the job.
void add_tensors(Job& job, const BoundOperator& op, const Stack& stack) {
  for (size_t index = 0; index < stack.size(); ++index) {
    bool is_written = op.parameters()[index].written;
    visit_tensors(stack[index], [&](const at::Tensor& tensor) {
      job.tensors.push_back(tensor);
      if (is_written) job.written.push_back(tensor);
    });
  }
}

napi_value call_operator(napi_env env, napi_callback_info info) {
  CallbackArguments values(env, info);
  return run_guarded(values.environment(), [&] {
    // A call moves its arguments off the stack, so that a second attempt reads them again.
    std::optional<std::pair<Call, Stack>> read(read_call(values, 0));
    const BoundOperator& op = read->first.op;
    auto policy = op.writes() ? OutOfMemoryPolicy::FreeAndFail : OutOfMemoryPolicy::FreeAndRetry;
    retry_on_out_of_memory(values.environment(), policy, [&, is_first = true]() mutable {
      if (!std::exchange(is_first, false)) read.emplace(read_call(values, 0));
      read->first.run(read->second);
    });
    return results(read->first, std::move(read->second));
  });
}

// The asynchronous form; the job's number comes first. The stack keeps the tensors alive until the
// job is done.
napi_value call_operator_async(napi_env env, napi_callback_info info) {
  CallbackArguments values(env, info);
  return run_guarded(values.environment(), [&] {
    if (values.count() == 0) throw_type_error("call_operator() needs a job's number");
    AsyncQueue::SubmissionScope submission(values.environment().async());
    auto number = Argument<int64_t>::from(values.environment(), values[0]);
    auto both = std::make_shared<std::pair<Call, Stack>>(read_call(values, 1));
    check_can_be_job(both->first.op);
    return detail::submit(values.environment(), number, [&](Job& job) {
      add_tensors(job, both->first.op, both->second);
      job.is_repeatable = !both->first.op.writes();
      // Runs on a copy of the stack, so that a second attempt has its arguments.
      job.run = [both] {
        Stack stack = both->second;
        both->first.run(stack);
        both->second = std::move(stack);
      };
      job.result = [both] { return results(both->first, std::move(both->second)); };
    });
  });
}

}  // namespace

void add_operator_calls(Bindings& bindings) {
  bindings.add("call_operator", &call_operator);
  bindings.add_async("call_operator", &call_operator_async);
}

}  // namespace torch_losses
