// Autograd: backward passes, gradients, `requires_grad`, the recorded graph.
// Source of the checks and messages: torch/autograd/__init__.py,
// torch/csrc/autograd/python_engine.cpp, python_variable.cpp.
#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/edge.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/basic_ops.h>
#include <torch/csrc/autograd/variable.h>

#include <atomic>
#include <functional>
#include <memory>
#include <tuple>
#include <utility>

#include "bindings/bindings.h"
#include "bindings/dtype_names.h"
#include "bindings/functions.h"
#include "bindings/python.h"
#include "operators/autograd_nodes.h"
#include "operators/graph_use.h"
#include "operators/inline_backward.h"

namespace torch_losses {
namespace {

namespace autograd = torch::autograd;
using Tensors = std::vector<at::Tensor>;
using OptionalTensors = std::vector<std::optional<at::Tensor>>;

// --- backward passes -----------------------------------------------------------------------------

void check_gradient(const at::Tensor& output, const at::Tensor& gradient, size_t index) {
  std::string position = std::to_string(index);
  TORCH_CHECK(gradient.sizes() == output.sizes(), "Mismatch in shape: grad_output[", position,
              "] has a shape of ", python::repr_size(gradient.sizes()), " and output[", position,
              "] has a shape of ", python::repr_size(output.sizes()), ".");
  TORCH_CHECK(output.is_complex() == gradient.is_complex(),
              "For complex Tensors, both grad_output and output are required to have the same "
              "dtype. Mismatch in dtype: grad_output[",
              position, "] has a dtype of ", dtype_repr(gradient.scalar_type()), " and output[",
              position, "] has a dtype of ", dtype_repr(output.scalar_type()), ".");
}

// Returns the gradient that the backward pass of an output starts with: Python's _make_grads for
// one output.
at::Tensor starting_gradient(const at::Tensor& output, const std::optional<at::Tensor>& gradient,
                             size_t index) {
  if (gradient) {
    check_gradient(output, *gradient, index);
    return *gradient;
  }
  if (!output.requires_grad()) return {};
  TORCH_CHECK(output.numel() == 1, "grad can be implicitly created only for scalar outputs");
  TORCH_CHECK(output.is_floating_point(),
              "grad can be implicitly created only for real scalar outputs but got ",
              dtype_repr(output.scalar_type()));
  return at::ones_like(output, at::MemoryFormat::Preserve);
}

// Returns the edge at which the engine captures the gradient of `input`.
autograd::Edge input_edge(const at::Tensor& input, bool accumulate) {
  if (accumulate) input.retain_grad();
  TORCH_CHECK(input.requires_grad(), "One of the differentiated Tensors does not require grad");
  auto node = input.grad_fn();
  if (!node) node = autograd::impl::try_get_grad_accumulator(input);
  // Without a node, the input is not in the graph. The engine reports an edge to a node that
  // nothing leads to.
  if (!node) return {make_node<autograd::Identity>(), 0};
  return {std::move(node), static_cast<uint32_t>(input.output_nr())};
}

autograd::variable_list run_engine(const Tensors& outputs, const autograd::variable_list& gradients,
                                   bool retain_graph, bool create_graph, const Tensors& inputs,
                                   bool accumulate) {
  autograd::edge_list roots;
  for (size_t index = 0; index < outputs.size(); ++index) {
    auto edge = autograd::impl::gradient_edge(outputs[index]);
    TORCH_CHECK(edge.function, "element ", index,
                " of tensors does not require grad and does not have a grad_fn");
    roots.push_back(std::move(edge));
  }
  autograd::edge_list edges;
  for (const at::Tensor& input : inputs) edges.push_back(input_edge(input, accumulate));
  return autograd::Engine::get_default_engine().execute(roots, gradients, retain_graph,
                                                        create_graph, accumulate, edges);
}

autograd::variable_list starting_gradients(const Tensors& outputs,
                                           const OptionalTensors& gradients) {
  TORCH_CHECK(gradients.empty() || gradients.size() == outputs.size(), "got ", outputs.size(),
              " tensors and ", gradients.size(), " gradients");
  autograd::variable_list result;
  for (size_t index = 0; index < outputs.size(); ++index) {
    auto gradient = gradients.empty() ? std::nullopt : gradients[index];
    result.push_back(starting_gradient(outputs[index], gradient, index));
  }
  return result;
}

std::atomic<int64_t> inline_passes{0};

// For tests: how many backward passes of the process ran without the engine.
int64_t inline_backward_count() { return inline_passes; }

void backward(const Tensors& tensors, const OptionalTensors& gradients, bool retain_graph,
              bool create_graph, const Tensors& inputs) {
  auto starts = starting_gradients(tensors, gradients);
  const bool can_run_inline =
      tensors.size() == 1 && inputs.empty() && !create_graph && starts[0].defined();
  if (can_run_inline && backward_inline(tensors[0], starts[0], retain_graph)) {
    ++inline_passes;
    return;
  }
  run_engine(tensors, starts, retain_graph, create_graph, inputs, true);
}

// Runs a backward pass for a caller that waits for it. On CUDA, the engine's own threads may call
// JavaScript, which only this thread can run: then another thread waits for the engine.
void run_graph(Environment& environment, const std::function<void()>& pass) {
  if (JavaScriptFunction::live() > 0 && at::hasCUDA()) {
    environment.async().run_aside(pass);
  } else {
    pass();
  }
}

// Waits for the jobs and collectives that use what the graph of these tensors holds.
void wait_for_graph(Environment& environment, const Tensors& roots) {
  if (shared_leaves::empty()) return environment.async().wait_for_graphs();
  const GraphUse use = use_of_graph(roots);
  TORCH_CHECK(!use.awaits_javascript(),
              "backward() cannot wait for a communication hook that is written in JavaScript: use "
              "await backwardAsync()");
  MemoryUse::Claim claim;
  claim.uses_everything = !use.is_complete || !use.owners.empty();
  claim.use(roots);
  claim.use(use.saved);
  claim.use(use.leaves);
  claim.write(use.written());
  for (const at::Tensor& leaf : use.leaves) claim.write_gradient(leaf);
  environment.async().wait_for(std::move(claim));
}

void backward_now(Environment& environment, const Tensors& tensors,
                  const OptionalTensors& gradients, bool retain_graph, bool create_graph,
                  const Tensors& inputs) {
  wait_for_graph(environment, tensors);
  run_graph(environment, [&] { backward(tensors, gradients, retain_graph, create_graph, inputs); });
}

using BackwardArguments = std::tuple<Tensors, OptionalTensors, bool, bool, Tensors>;

// Says what a backward pass uses, to a job or task.
template <typename Work>
void add_use(Work& work, const GraphUse& use, const BackwardArguments& arguments) {
  const auto add = [&](const at::Tensor& tensor) {
    if (tensor.defined()) work.tensors.push_back(tensor);
  };
  detail::visit_all_tensors(add, arguments);
  for (const at::Tensor& tensor : use.saved) add(tensor);
  for (const at::Tensor& tensor : use.leaves) {
    add(tensor);
    work.claim.write_gradient(tensor);
  }
  work.written = use.written();
  work.tensors.insert(work.tensors.end(), work.written.begin(), work.written.end());
}

// Runs a backward pass that waits for other processes. The ranks start their collectives in the
// same order, so it runs in the order of the collectives, and beside the queue of jobs.
napi_value submit_shared_backward(Environment& environment, GraphUse use,
                                  std::shared_ptr<BackwardArguments> arguments) {
  auto task = std::make_unique<Task>();
  add_use(*task, use, *arguments);
  task->claim.uses_everything = !use.is_complete;
  task->claim.awaits_javascript = use.awaits_javascript();
  TORCH_CHECK(
      use.is_complete || !task->claim.awaits_javascript,
      "a graph that has a torch.autograd.Function, and a communication hook that is written "
      "in JavaScript, cannot be in one backward pass");
  task->start = [arguments = std::move(arguments),
                 owners = std::move(use.owners)](const Task::Done& done) {
    std::apply(&backward, *arguments);
    done(nullptr);
  };
  task->result = [&environment] { return undefined(environment); };
  return environment.tasks().submit(environment.tasks().collectives(), std::move(task));
}

// The asynchronous form of `backward`. The job's number comes first.
napi_value backward_async(napi_env env, napi_callback_info info) {
  constexpr size_t kCount = std::tuple_size_v<BackwardArguments>;
  napi_value values[kCount + 1];
  size_t count = kCount + 1;
  void* data = nullptr;
  napi_get_cb_info(env, info, &count, values, nullptr, &data);
  const auto& binding = *static_cast<const Binding*>(data);
  Environment& environment = binding.environment;
  return run_guarded(environment, [&]() -> napi_value {
    AsyncQueue::SubmissionScope submission(environment.async());
    auto number = detail::read_argument<int64_t>(binding, values[0], 0);
    auto arguments = std::make_shared<BackwardArguments>(detail::read_arguments<BackwardArguments>(
        binding, values + 1, std::make_index_sequence<kCount>{}));
    GraphUse use;
    const bool has_shared_leaves = !shared_leaves::empty();
    if (has_shared_leaves) use = use_of_graph(std::get<0>(*arguments));
    if (!use.owners.empty()) {
      return submit_shared_backward(environment, std::move(use), std::move(arguments));
    }
    return detail::submit(environment, number, [&](Job& job) {
      // Without shared leaves all passes are in one queue, and need not tell what they use.
      job.runs_graph = !has_shared_leaves || !use.is_complete;
      add_use(job, use, *arguments);
      job.run = [arguments] { std::apply(&backward, *arguments); };
      job.result = [&environment] { return undefined(environment); };
    });
  });
}

OptionalTensors grad_of(Environment& environment, const Tensors& outputs, const Tensors& inputs,
                        const OptionalTensors& gradients, bool retain_graph, bool create_graph,
                        bool allow_unused) {
  environment.async().wait_for_graphs();
  autograd::variable_list results;
  run_graph(environment, [&] {
    results = run_engine(outputs, starting_gradients(outputs, gradients), retain_graph,
                         create_graph, inputs, false);
  });
  OptionalTensors found;
  for (size_t index = 0; index < results.size(); ++index) {
    TORCH_CHECK(allow_unused || results[index].defined(), "The differentiated Tensor at index ",
                index,
                " appears to not have been used in the graph. Set allow_unused=True if this is the "
                "desired behavior.");
    if (results[index].defined()) {
      found.emplace_back(results[index]);
    } else {
      found.emplace_back(std::nullopt);
    }
  }
  return found;
}

// --- properties ----------------------------------------------------------------------------------

// Returns the JavaScript object of the gradient if it is alive, else a new handle; undefined if
// there is no gradient.
napi_value grad(Environment& environment, double handle) {
  HandleTable& handles = environment.handles();
  environment.async().wait_for_gradient(handles.get(handle));
  at::Tensor gradient = handles.get(handle).grad();
  if (!gradient.defined()) return undefined(environment);
  Handle previous = handles.gradient(handle);
  if (handles.is_live(previous) && handles.get(previous).is_same(gradient)) {
    if (napi_value owner = handles.owner(previous)) return owner;
  }
  Handle created = handles.create(std::move(gradient));
  handles.set_gradient(handle, created);
  return to_javascript(environment, created);
}

void check_assignable(const at::Tensor& tensor, const at::Tensor& gradient) {
  TORCH_CHECK(!tensor.is_same(gradient), "can't assign Variable as its own grad");
  TORCH_CHECK(
      gradient.scalar_type() == tensor.scalar_type(),
      "attempting to assign a gradient with dtype '", gradient.dtype(),
      "' to a tensor with grad_dtype '", tensor.scalar_type(),
      "'. The gradient must match the tensor's grad_dtype (defaults to the tensor's dtype). "
      "You can set the tensor's grad_dtype attribute with a specific dtype, or None to allow "
      "any dtype. Set grad_dtype with caution. Diverging the dtypes of a tensor and its "
      "gradient may break downstream systems that assume they match.");
  TORCH_CHECK(gradient.device().type() == tensor.device().type(),
              "attempting to assign a gradient with device type '", gradient.device().type(),
              "' to a tensor with device type '", tensor.device().type(),
              "'. Please ensure that the gradient and the tensor are on the same device");
  TORCH_CHECK(gradient.sizes() == tensor.sizes(), "attempting to assign a gradient of size '",
              gradient.sizes(), "' to a tensor of size '", tensor.sizes(),
              "'. Please ensure that the gradient and the tensor are the same size");
}

void set_grad(Environment& environment, double handle, std::optional<double> gradient) {
  HandleTable& handles = environment.handles();
  environment.async().wait_for_gradient(handles.get(handle));
  const at::Tensor& tensor = handles.get(handle);
  if (!gradient) {
    tensor.mutable_grad().reset();
    handles.set_gradient(handle, 0);
    return;
  }
  const at::Tensor& value = handles.get(*gradient);
  check_assignable(tensor, value);
  tensor.mutable_grad() = value;
  handles.set_gradient(handle, *gradient);
}

// `in_place`: called by the method `requires_grad_()`, whose error message for integers differs
// from the attribute's.
void set_requires_grad(Environment& environment, const at::Tensor& tensor, bool value,
                       bool in_place) {
  environment.async().wait_for_graphs();
  if (!tensor.is_leaf() && !(in_place && value)) {
    TORCH_CHECK(false, "you can only change requires_grad flags of leaf variables.",
                value ? ""
                      : " If you want to use a computed variable in a subgraph that doesn't "
                        "require differentiation use var_no_grad = var.detach().");
  }
  if (value) {
    TORCH_CHECK(autograd::isDifferentiableType(tensor.scalar_type()),
                "only Tensors of floating point ", in_place ? "" : "and complex ",
                "dtype can require gradients");
  }
  tensor.set_requires_grad(value);
}

void retain_grad(Environment& environment, const at::Tensor& tensor) {
  environment.async().wait_for_graphs();
  tensor.retain_grad();
}

// Returns nn.Parameter(data): a leaf that shares the data.
at::Tensor parameter(const at::Tensor& data, bool requires_grad) {
  at::Tensor leaf = data.detach();
  if (requires_grad) {
    TORCH_CHECK(autograd::isDifferentiableType(leaf.scalar_type()),
                "Only Tensors of floating point and complex dtype can require gradients");
  }
  leaf.set_requires_grad(requires_grad);
  return leaf;
}

void set_data(Environment& environment, const at::Tensor& tensor, const at::Tensor& value) {
  environment.async().wait_to_write(tensor);
  tensor.set_data(value);
}

// --- the recorded graph --------------------------------------------------------------------------

std::string node_name(const autograd::Node& node) {
  std::string name = node.name();
  size_t qualified = name.rfind("::");
  return qualified == std::string::npos ? name : name.substr(qualified + 2);
}

std::optional<std::string> grad_fn_name(const at::Tensor& tensor,
                                        const std::vector<int64_t>& path) {
  const autograd::Node* node = node_at(tensor, path);
  if (node == nullptr) return std::nullopt;
  return node_name(*node);
}

// Returns for each next function the number of its input that this node feeds; nothing for a
// missing function.
std::vector<std::optional<int64_t>> next_functions(const at::Tensor& tensor,
                                                   const std::vector<int64_t>& path) {
  std::vector<std::optional<int64_t>> inputs;
  if (const autograd::Node* node = node_at(tensor, path)) {
    for (const auto& edge : node->next_edges()) {
      inputs.push_back(edge.is_valid() ? std::optional<int64_t>(edge.input_nr) : std::nullopt);
    }
  }
  return inputs;
}

// --- inference mode ------------------------------------------------------------------------------

// Returns the modes that the calling thread has entered and not left. Each restores the previous
// one.
std::vector<std::unique_ptr<c10::InferenceMode>>& inference_modes() {
  thread_local std::vector<std::unique_ptr<c10::InferenceMode>> modes;
  return modes;
}

void leave_inference_mode() {
  if (!inference_modes().empty()) inference_modes().pop_back();
}

}  // namespace

autograd::Node* node_at(const at::Tensor& tensor, const std::vector<int64_t>& path) {
  autograd::Node* node = tensor.grad_fn().get();
  for (int64_t position : path) {
    if (node == nullptr || position < 0 ||
        static_cast<size_t>(position) >= node->next_edges().size()) {
      return nullptr;
    }
    node = node->next_edge(static_cast<size_t>(position)).function.get();
  }
  return node;
}

void add_autograd(Bindings& bindings) {
  bindings.add_allocating<&backward_now, OutOfMemoryPolicy::FreeAndFail>("backward");
  bindings.add_async("backward", &backward_async);
  bindings.add<&inline_backward_count>("inline_backward_count");
  bindings.add_allocating<&grad_of, OutOfMemoryPolicy::FreeAndFail>("grad_of");
  bindings.add<&grad>("grad");
  bindings.add<&set_grad>("set_grad");
  bindings.add("requires_grad", [](const at::Tensor& tensor) { return tensor.requires_grad(); });
  bindings.add<&set_requires_grad>("set_requires_grad");
  bindings.add("is_leaf", [](const at::Tensor& tensor) { return tensor.is_leaf(); });
  bindings.add<&retain_grad>("retain_grad");
  bindings.add("retains_grad", [](const at::Tensor& tensor) { return tensor.retains_grad(); });
  bindings.add<&parameter>("parameter");
  // Returns a copy whose backward pass yields no gradient; gradcheck needs it.
  bindings.add("without_gradient", [](const at::Tensor& tensor) {
    return autograd::UndefinedGrad().apply({tensor}).at(0);
  });
  // Returns x.data: a tensor on the same storage, outside the graph, with its own version counter.
  bindings.add("data", [](const at::Tensor& tensor) { return tensor.variable_data(); });
  bindings.add<&set_data>("set_data");
  bindings.add<&grad_fn_name>("grad_fn_name");
  bindings.add<&next_functions>("next_functions");
  bindings.add<&at::GradMode::is_enabled>("is_grad_enabled");
  bindings.add<&at::GradMode::set_enabled>("set_grad_enabled");
  bindings.add("enter_inference_mode", [](bool enabled) {
    inference_modes().push_back(std::make_unique<c10::InferenceMode>(enabled));
  });
  bindings.add<&leave_inference_mode>("leave_inference_mode");
  bindings.add<&c10::InferenceMode::is_enabled>("is_inference_mode_enabled");
  bindings.add("is_inference", [](const at::Tensor& tensor) { return tensor.is_inference(); });
}

}  // namespace torch_losses
