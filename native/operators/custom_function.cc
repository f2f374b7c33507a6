// Functions of the graph whose backward pass is JavaScript: torch.autograd.Function.
// Source: torch/csrc/autograd/python_function.cpp, torch/csrc/autograd/custom_function.h.
#include <c10/core/DeviceGuard.h>
#include <torch/csrc/autograd/custom_function.h>

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "bindings/bindings.h"
#include "bindings/functions.h"
#include "operators/autograd_nodes.h"

namespace torch_losses {
namespace {

namespace autograd = torch::autograd;
using autograd::variable_list;
using Tensors = std::vector<at::Tensor>;
using OptionalTensors = std::vector<std::optional<at::Tensor>>;

class CustomFunction final : public autograd::Node {
 public:
  // `backward` takes the gradients of the outputs and returns one for each tensor among the inputs.
  // lib/autograd/function.ts checks what the user's function returned.
  CustomFunction(Environment& environment, napi_value backward, std::string name, bool materializes)
      : backward_(environment, backward), name_(std::move(name)), materializes_(materializes) {}

  std::string name() const override { return name_; }

  void save(const OptionalTensors& tensors) {
    for (const std::optional<at::Tensor>& tensor : tensors) {
      const at::Tensor value = tensor.value_or(at::Tensor());
      const bool is_output = value.defined() && value.grad_fn().get() == this;
      saved_.emplace_back(value, is_output);
    }
  }

  void set_outputs(const std::vector<std::optional<at::Tensor>>& outputs) {
    for (const auto& output : outputs) {
      output_info_.push_back(output ? autograd::VariableInfo(*output) : autograd::VariableInfo());
    }
  }

  OptionalTensors saved_tensors() {
    TORCH_CHECK(!is_released_, autograd::ERR_BACKWARD_TWICE);
    OptionalTensors tensors;
    for (const autograd::SavedVariable& saved : saved_) {
      at::Tensor tensor = saved.unpack(getptr());
      tensors.push_back(tensor.defined() ? std::optional(std::move(tensor)) : std::nullopt);
    }
    return tensors;
  }

  variable_list apply(variable_list&& gradients) override {
    materialize(gradients);
    OptionalTensors given;
    for (at::Tensor& gradient : gradients) {
      given.push_back(gradient.defined() ? std::optional(std::move(gradient)) : std::nullopt);
    }
    variable_list results;
    backward_.call([&](Environment& environment, napi_value function) {
      const Running running(*this);
      napi_value argument = to_javascript(environment, given);
      auto* returned = call_node<napi_value>(environment.env(), napi_call_function,
                                             undefined(environment), function, 1, &argument);
      for (auto& result : Argument<OptionalTensors>::from(environment, returned)) {
        results.push_back(result.value_or(at::Tensor()));
      }
    });
    return results;
  }

  void release_variables() override {
    is_released_ = !saved_.empty();
    for (autograd::SavedVariable& saved : saved_) saved.reset_data();
  }

  // Returns the function whose JavaScript runs on this thread.
  static CustomFunction* running() { return running_; }

 private:
  struct Running {
    explicit Running(CustomFunction& function) : outer(std::exchange(running_, &function)) {}
    ~Running() { running_ = outer; }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    CustomFunction* outer;
  };

  // Replaces missing gradients by zeros.
  void materialize(variable_list& gradients) const {
    if (!materializes_) return;
    at::OptionalDeviceGuard guard;
    for (size_t index = 0; index < gradients.size(); ++index) {
      if (!gradients[index].defined()) gradients[index] = output_info_[index].zeros(guard);
    }
  }

  static thread_local CustomFunction* running_;

  JavaScriptFunction backward_;
  std::string name_;
  bool materializes_;
  bool is_released_ = false;
  std::vector<autograd::SavedVariable> saved_;
  std::vector<autograd::VariableInfo> output_info_;
};

thread_local CustomFunction* CustomFunction::running_ = nullptr;

std::unordered_set<at::TensorImpl*> set_of(const Tensors& tensors) {
  std::unordered_set<at::TensorImpl*> result;
  for (const at::Tensor& tensor : tensors) result.insert(tensor.unsafeGetTensorImpl());
  return result;
}

// Calls libtorch's function of that name. Since 2.14 it also returns the node, for which hooks of
// creation are called. JavaScript cannot register any.
template <typename... Arguments>
auto wrap_outputs(Arguments&&... arguments) {
  NodePointer attached;
  if constexpr (requires { autograd::_wrap_outputs(arguments..., attached); }) {
    return autograd::_wrap_outputs(std::forward<Arguments>(arguments)..., attached);
  } else {
    return autograd::_wrap_outputs(std::forward<Arguments>(arguments)...);
  }
}

// Makes the outputs of a forward pass part of the graph. Returns the tensor that replaces an
// output, and nothing for an output that stays itself.
OptionalTensors custom_function(Environment& environment, const std::string& name,
                                napi_value backward, const Tensors& inputs,
                                const OptionalTensors& outputs, const Tensors& dirty,
                                const Tensors& non_differentiable, const OptionalTensors& saved,
                                bool materializes) {
  const bool is_recorded =
      at::GradMode::is_enabled() && autograd::any_variable_requires_grad(inputs);
  NodePointer node;
  CustomFunction* function = nullptr;
  if (is_recorded) {
    auto created = make_node<CustomFunction>(environment, backward, name, materializes);
    function = created.get();
    node = std::move(created);
    node->set_next_edges(autograd::collect_next_edges(inputs));
  }
  for (const at::Tensor& tensor : dirty) tensor.unsafeGetTensorImpl()->bump_version();
  const auto no_forward_mode = [](const variable_list&, const variable_list&) -> variable_list {
    TORCH_CHECK_NOT_IMPLEMENTED(false, "forward-mode AD is not supported for custom functions");
  };
  const auto view_as_self = [](const at::Tensor& tensor) { return tensor.view_as(tensor); };
  auto wrapped =
      wrap_outputs(inputs, set_of(non_differentiable), set_of(dirty), outputs, node,
                   no_forward_mode, std::unordered_set<at::TensorImpl*>(), view_as_self, false);
  if (is_recorded) {
    function->set_outputs(wrapped);
    function->save(saved);
  }
  OptionalTensors replaced;
  for (size_t index = 0; index < wrapped.size(); ++index) {
    const bool is_same = !wrapped[index] || wrapped[index]->is_same(*outputs[index]);
    replaced.push_back(is_same ? std::nullopt : std::move(wrapped[index]));
  }
  return replaced;
}

// Returns what the custom function saved whose backward pass runs now.
OptionalTensors saved_tensors() {
  CustomFunction* function = CustomFunction::running();
  TORCH_CHECK(function != nullptr, "saved_tensors can be read only while backward runs");
  return function->saved_tensors();
}

}  // namespace

void add_custom_functions(Bindings& bindings) {
  bindings.add<&custom_function>("custom_function");
  bindings.add<&saved_tensors>("saved_tensors");
}

}  // namespace torch_losses
