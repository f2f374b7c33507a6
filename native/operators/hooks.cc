// Hooks of tensors and of the functions of the graph, in JavaScript.
// Source: torch/_tensor.py (register_hook, register_post_accumulate_grad_hook),
// torch/csrc/autograd/python_hook.cpp.
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/graph_task.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/bindings.h"
#include "bindings/functions.h"
#include "operators/autograd_nodes.h"

namespace torch_losses {
namespace {

namespace autograd = torch::autograd;
using autograd::variable_list;

// A hook in JavaScript. It is kept until a backward pass that frees the graph has called it. From
// then on it lives as long as the `Tensor` that it was registered on, which refers to it too. So a
// hook that refers to its own tensor does not keep the graph alive for ever.
class Hook {
 public:
  Hook(Environment& environment, napi_value function, bool outlives_graph)
      : function_(environment, function), outlives_graph_(outlives_graph) {}

  // Calls the hook. `to_arguments` makes its arguments, `take` gets its result. Both run on the
  // environment's thread.
  void call(c10::function_ref<std::vector<napi_value>(Environment&)> to_arguments,
            c10::function_ref<void(Environment&, napi_value)> take) const {
    const bool is_last = !outlives_graph_ && !autograd::get_current_graph_task_keep_graph();
    function_.call([&](Environment& environment, napi_value function) {
      if (function == nullptr) return;
      if (is_last) function_.let_go();
      const std::vector<napi_value> arguments = to_arguments(environment);
      auto* result =
          call_node<napi_value>(environment.env(), napi_call_function, undefined(environment),
                                function, arguments.size(), arguments.data());
      take(environment, result);
    });
  }

 private:
  JavaScriptFunction function_;
  bool outlives_graph_;
};

napi_value to_optional_tensors(Environment& environment, const variable_list& tensors) {
  std::vector<std::optional<at::Tensor>> values;
  for (const at::Tensor& tensor : tensors) {
    values.push_back(tensor.defined() ? std::optional(tensor) : std::nullopt);
  }
  return to_javascript(environment, values);
}

// Replaces gradients by those that a hook returned, if it returned any. lib/autograd/hooks.ts has
// checked their number and that none replaces a missing one.
void replace(Environment& environment, napi_value result, const std::string& name,
             variable_list& gradients) {
  if (is_nullish(environment, result)) return;
  using Optionals = std::vector<std::optional<at::Tensor>>;
  const auto values = Argument<Optionals>::from(environment, result);
  for (size_t index = 0; index < std::min(values.size(), gradients.size()); ++index) {
    if (!values[index]) {
      gradients[index].reset();
      continue;
    }
    autograd::check_variable_result(gradients[index], *values[index], name);
    gradients[index] = *values[index];
  }
}

// --- hooks of tensors ----------------------------------------------------------------------------

// `name` is the function's, for error messages.
void register_tensor_hook(Environment& environment, const at::Tensor& tensor, napi_value function,
                          const std::string& name) {
  environment.async().wait_for_graphs();
  auto hook = std::make_shared<Hook>(environment, function, tensor.is_leaf());
  tensor.register_hook([hook, name](const at::Tensor& gradient) {
    at::Tensor result;
    if (!gradient.defined()) return result;
    hook->call(
        [&](Environment& environment) {
          return std::vector<napi_value>{to_javascript(environment, gradient)};
        },
        [&](Environment& environment, napi_value value) {
          if (!is_nullish(environment, value)) result = read<at::Tensor>(environment, value);
        });
    if (result.defined()) autograd::check_variable_result(gradient, result, name);
    return result;
  });
}

class PostAccumulateHooks final : public autograd::PostAccumulateGradHook {
 public:
  void add(Environment& environment, napi_value function) {
    hooks_.push_back(std::make_unique<Hook>(environment, function, true));
  }

  void operator()(const at::Tensor& tensor) override {
    for (const auto& hook : hooks_) {
      hook->call(
          [&](Environment& environment) {
            return std::vector<napi_value>{to_javascript(environment, tensor)};
          },
          [](Environment&, napi_value) {});
    }
  }

 private:
  std::vector<std::unique_ptr<Hook>> hooks_;
};

void register_post_accumulate_grad_hook(Environment& environment, const at::Tensor& tensor,
                                        napi_value function) {
  environment.async().wait_for_graphs();
  auto* hooks =
      dynamic_cast<PostAccumulateHooks*>(autograd::impl::post_acc_grad_hooks(tensor).get());
  if (hooks == nullptr) {
    auto created = std::make_unique<PostAccumulateHooks>();
    hooks = created.get();
    autograd::impl::set_post_acc_grad_hooks(tensor, std::move(created));
  }
  hooks->add(environment, function);
}

// --- hooks of the graph's functions --------------------------------------------------------------

class NodePreHook final : public autograd::FunctionPreHook {
 public:
  NodePreHook(Environment& environment, napi_value function, std::string name)
      : hook_(environment, function, false), name_(std::move(name)) {}

  variable_list operator()(const variable_list& gradients) override {
    variable_list results = gradients;
    hook_.call(
        [&](Environment& environment) {
          return std::vector<napi_value>{to_optional_tensors(environment, gradients)};
        },
        [&](Environment& environment, napi_value value) {
          replace(environment, value, name_, results);
        });
    return results;
  }

 private:
  Hook hook_;
  std::string name_;
};

class NodePostHook final : public autograd::FunctionPostHook {
 public:
  NodePostHook(Environment& environment, napi_value function, std::string name)
      : hook_(environment, function, false), name_(std::move(name)) {}

  variable_list operator()(const variable_list& outputs, const variable_list& inputs) override {
    variable_list results = outputs;
    hook_.call(
        [&](Environment& environment) {
          return std::vector<napi_value>{to_optional_tensors(environment, outputs),
                                         to_optional_tensors(environment, inputs)};
        },
        [&](Environment& environment, napi_value value) {
          replace(environment, value, name_, results);
        });
    return results;
  }

 private:
  Hook hook_;
  std::string name_;
};

// `is_pre`: the hook is called before the function runs, with its inputs alone.
void register_node_hook(Environment& environment, const at::Tensor& tensor,
                        const std::vector<int64_t>& path, bool is_pre, napi_value function,
                        const std::string& name) {
  environment.async().wait_for_graphs();
  autograd::Node* node = node_at(tensor, path);
  TORCH_CHECK(node != nullptr, "the function is no longer part of the graph");
  if (is_pre) {
    node->add_pre_hook(std::make_unique<NodePreHook>(environment, function, name));
  } else {
    node->add_post_hook(std::make_unique<NodePostHook>(environment, function, name));
  }
}

}  // namespace

void add_hooks(Bindings& bindings) {
  bindings.add<&register_tensor_hook>("register_tensor_hook");
  bindings.add<&register_post_accumulate_grad_hook>("register_post_accumulate_grad_hook");
  bindings.add<&register_node_hook>("register_node_hook");
}

}  // namespace torch_losses
