// Modules of TorchScript: torch.jit.load, and what lib/jit/ needs to make an nn.Module of one.
//
// JavaScript holds a module by the handle of a tensor without elements, whose storage owns the
// module. So modules are freed as tensors are (bindings/handles.h).
#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/jit_exception.h>
#include <torch/csrc/jit/serialization/import.h>

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "bindings/bindings.h"
#include "scripts/values.h"

namespace torch_losses {
namespace {

using c10::IValue;
using torch::jit::Method;
using torch::jit::Module;

// --- handles of modules --------------------------------------------------------------------------

void release_module(void* module) { delete static_cast<Module*>(module); }

at::Tensor holder_of(Module module) {
  auto owned = std::make_unique<Module>(std::move(module));
  void* memory = owned.get();
  return at::for_blob(memory, {0})
      .context(owned.release(), &release_module)
      .options(at::TensorOptions().dtype(at::kByte))
      .make_tensor();
}

Module& module_of(const at::Tensor& holder) {
  if (holder.has_storage()) {
    const c10::DataPtr& data = holder.storage().data_ptr();
    if (data.get_deleter() == &release_module) return *static_cast<Module*>(data.get_context());
  }
  throw_type_error("expected the handle of a ScriptModule");
}

size_t checked_slot(const Module& module, int64_t slot) {
  const size_t count = module.type()->numAttributes();
  if (slot < 0 || static_cast<size_t>(slot) >= count) throw_type_error("no such attribute");
  return static_cast<size_t>(slot);
}

// --- files ---------------------------------------------------------------------------------------

at::Tensor load_file(const std::string& path, const std::optional<at::Device>& device) {
  return holder_of(torch::jit::load(path, device));
}

// Takes the file's bytes as a tensor.
at::Tensor load_bytes(const at::Tensor& bytes, const std::optional<at::Device>& device) {
  const at::Tensor contiguous = bytes.contiguous();
  std::istringstream stream(
      std::string(static_cast<const char*>(contiguous.const_data_ptr()), contiguous.nbytes()));
  return holder_of(torch::jit::load(stream, device));
}

void save(const at::Tensor& holder, const std::string& path) { module_of(holder).save(path); }

// The copy's parameters are leaves that require no gradient.
at::Tensor copy(const at::Tensor& holder) {
  at::NoGradGuard no_grad;
  return holder_of(module_of(holder).deepcopy());
}

// --- attributes ----------------------------------------------------------------------------------

const char* kind_of(const c10::ClassType& type, size_t slot) {
  if (type.is_parameter(slot)) return "parameter";
  if (type.is_buffer(slot)) return "buffer";
  return type.getAttribute(slot)->is_module() ? "module" : "value";
}

napi_value describe_attribute(Environment& environment, const Module& module, size_t slot) {
  const auto type = module.type();
  napi_value attribute = new_object(environment);
  set_property(environment, attribute, "name", type->getAttributeName(slot));
  set_property(environment, attribute, "kind", std::string(kind_of(*type, slot)));
  const IValue& value = module._ivalue()->getSlot(slot);
  if (value.isTensor()) {
    const auto identity = reinterpret_cast<int64_t>(value.toTensor().unsafeGetTensorImpl());
    set_property(environment, attribute, "identity", identity);
  }
  return attribute;
}

napi_value describe_method(Environment& environment, const Method& method) {
  const c10::FunctionSchema& schema = method.function().getSchema();
  std::vector<napi_value> parameters;
  for (size_t i = 1; i < schema.arguments().size(); ++i) {  // the first is `self`
    const c10::Argument& argument = schema.arguments()[i];
    napi_value parameter = new_object(environment);
    set_property(environment, parameter, "name", argument.name());
    set_property(environment, parameter, "type", argument.type()->annotation_str());
    parameters.push_back(parameter);
  }
  napi_value object = new_object(environment);
  set_property(environment, object, "name", method.name());
  set_property(environment, object, "parameters", parameters);
  return object;
}

// Returns the class's name, the attributes by their slots, and the methods.
napi_value describe(Environment& environment, const at::Tensor& holder) {
  const Module& module = module_of(holder);
  const auto name = module.type()->name();
  std::vector<napi_value> attributes;
  for (size_t slot = 0; slot < module.type()->numAttributes(); ++slot) {
    attributes.push_back(describe_attribute(environment, module, slot));
  }
  std::vector<napi_value> methods;
  for (const Method& method : module.get_methods()) {
    methods.push_back(describe_method(environment, method));
  }
  napi_value object = new_object(environment);
  set_property(environment, object, "name", name ? name->name() : std::string());
  set_property(environment, object, "attributes", attributes);
  set_property(environment, object, "methods", methods);
  return object;
}

// Returns an attribute, encoded. A tensor that is `known` is encoded as the argument 0; a module is
// returned as its handle.
napi_value get_attribute(Environment& environment, const at::Tensor& holder, int64_t slot,
                         const std::optional<at::Tensor>& known) {
  const Module& module = module_of(holder);
  const size_t index = checked_slot(module, slot);
  const IValue& value = module._ivalue()->getSlot(index);
  if (value.isModule()) return to_javascript(environment, holder_of(value.toModule()));
  std::vector<at::Tensor> tensors;
  if (known) tensors.push_back(*known);
  return scripts::from_ivalue(environment, value, tensors);
}

void set_attribute(Environment& environment, const at::Tensor& holder, int64_t slot,
                   napi_value value) {
  Module& module = module_of(holder);
  const size_t index = checked_slot(module, slot);
  const auto type = module.type();
  std::vector<at::Tensor> tensors;
  try {
    IValue converted = scripts::to_ivalue(environment, value, *type->getAttribute(index), tensors);
    module._ivalue()->setSlot(index, std::move(converted));
  } catch (const ArgumentMismatch& mismatch) {
    throw PythonError("RuntimeError", "Expected a value of type '" +
                                          type->getAttribute(index)->repr_str() +
                                          "' for attribute '" + type->getAttributeName(index) +
                                          "' but instead found type '" + mismatch.expected + "'");
  }
}

// --- calls ---------------------------------------------------------------------------------------

// A call of a method. It keeps the module and the arguments alive.
struct ScriptCall {
  Module module;
  Method method;
  torch::jit::Stack stack;
  std::vector<at::Tensor> tensors;  // those of the arguments
  IValue result;

  // The tensors that the method may write to: its arguments and the module's buffers.
  std::vector<at::Tensor> written() const {
    std::vector<at::Tensor> written = tensors;
    for (const at::Tensor& buffer : module.buffers()) {
      if (buffer.defined()) written.push_back(buffer);
    }
    return written;
  }

  // Runs on a copy of the arguments, which a failed call may have taken off the stack.
  void run() {
    torch::jit::Stack arguments = stack;
    try {
      result = method(std::move(arguments));
    } catch (const torch::jit::JITException& error) {
      throw PythonError("Error", error.what());  // Python's torch.jit.Error
    }
  }
};

// Reads positional arguments and those by name. Source of the checks and their texts:
// torch/csrc/jit/python/pybind_utils.h (createStackForSchema).
torch::jit::Stack read_arguments(Environment& environment, const c10::FunctionSchema& schema,
                                 const std::vector<napi_value>& values,
                                 const std::vector<std::string>& names,
                                 std::vector<at::Tensor>& tensors) {
  const auto& parameters = schema.arguments();  // the first is `self`
  const size_t positional = values.size() - names.size();
  TORCH_CHECK(values.size() + 1 <= parameters.size(), schema.name(), "() expected at most ",
              parameters.size(), " argument(s) but received ", values.size() + 1,
              " argument(s). Declaration: ", schema);
  torch::jit::Stack stack;
  size_t used = positional;
  for (size_t i = 1; i < parameters.size(); ++i) {
    const c10::Argument& parameter = parameters[i];
    std::optional<size_t> found;
    if (i <= positional) found = i - 1;
    for (size_t k = 0; !found && k < names.size(); ++k) {
      if (names[k] == parameter.name()) found = positional + k;
    }
    if (!found) {
      TORCH_CHECK(parameter.default_value(), schema.name(), "() is missing value for argument '",
                  parameter.name(), "'. Declaration: ", schema);
      stack.push_back(*parameter.default_value());
      continue;
    }
    if (i > positional) ++used;
    try {
      stack.push_back(scripts::to_ivalue(environment, values[*found], *parameter.type(), tensors));
    } catch (const ArgumentMismatch& mismatch) {
      TORCH_CHECK(false, schema.formatTypeMismatchMsg(parameter, mismatch.expected, i));
    }
  }
  TORCH_CHECK(used == values.size(), schema.findErrorInKwargs(names));
  return stack;
}

ScriptCall read_call(Environment& environment, const at::Tensor& holder, const std::string& name,
                     const std::vector<napi_value>& values, const std::vector<std::string>& names) {
  Module& module = module_of(holder);
  std::optional<Method> method = module.find_method(name);
  if (!method) throw PythonError("AttributeError", "the module has no method '" + name + "'");
  if (names.size() > values.size()) throw_type_error("more names than arguments");
  ScriptCall call{module, *method, {}, {}, {}};
  call.stack =
      read_arguments(environment, method->function().getSchema(), values, names, call.tensors);
  return call;
}

napi_value call_method(Environment& environment, const at::Tensor& holder, const std::string& name,
                       const std::vector<napi_value>& values,
                       const std::vector<std::string>& names) {
  ScriptCall call = read_call(environment, holder, name, values, names);
  environment.async().wait_for_graphs();
  for (const at::Tensor& tensor : call.written()) environment.async().wait_to_write(tensor);
  retry_on_out_of_memory(environment, OutOfMemoryPolicy::FreeAndFail, [&] { call.run(); });
  return scripts::from_ivalue(environment, call.result, call.tensors);
}

// The asynchronous form; the job's number comes first.
napi_value call_method_async(napi_env env, napi_callback_info info) {
  napi_value values[5];
  size_t count = 5;
  void* data = nullptr;
  napi_get_cb_info(env, info, &count, values, nullptr, &data);
  Environment& environment = static_cast<const Binding*>(data)->environment;
  return run_guarded(environment, [&] {
    AsyncQueue::SubmissionScope submission(environment.async());
    const auto& binding = *static_cast<const Binding*>(data);
    const auto number = detail::read_argument<int64_t>(binding, values[0], 0);
    auto call = std::make_shared<ScriptCall>(
        read_call(environment, detail::read_argument<at::Tensor>(binding, values[1], 1),
                  detail::read_argument<std::string>(binding, values[2], 2),
                  detail::read_argument<std::vector<napi_value>>(binding, values[3], 3),
                  detail::read_argument<std::vector<std::string>>(binding, values[4], 4)));
    return detail::submit(environment, number, [&](Job& job) {
      job.written = call->written();
      job.tensors = job.written;
      for (const at::Tensor& parameter : call->module.parameters()) {
        job.tensors.push_back(parameter);
      }
      job.run = [call] { call->run(); };
      job.result = [call, &environment] {
        return scripts::from_ivalue(environment, call->result, call->tensors);
      };
    });
  });
}

}  // namespace

void add_scripts(Bindings& bindings) {
  bindings.add_allocating<&load_file, OutOfMemoryPolicy::FreeAndRetry>("script_load");
  bindings.add_allocating<&load_bytes, OutOfMemoryPolicy::FreeAndRetry>("script_load_bytes");
  bindings.add<&save>("script_save");
  bindings.add_allocating<&copy, OutOfMemoryPolicy::FreeAndRetry>("script_copy");
  bindings.add<&describe>("script_describe");
  bindings.add<&get_attribute>("script_get");
  bindings.add<&set_attribute>("script_set");
  bindings.add<&call_method>("script_call");
  bindings.add_async("script_call", &call_method_async);
}

}  // namespace torch_losses
