// Cross entropy of a linear layer's outputs: all at once, or in chunks with `options`.
// Source: torch/nn/functional.py of torch 2.13 (lines 3698-4007) and 2.14, and the autograd
// functions of torch/nn/modules/linear_cross_entropy.py.
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/reshape.h>
#include <c10/core/GradMode.h>
#include <c10/util/DimVector.h>
#include <c10/util/StringUtil.h>
#include <c10/util/accumulate.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <mutex>
#include <string>
#include <utility>

#include "bindings/dtype_names.h"
#include "bindings/python.h"
#include "bindings/small_work.h"
#include "bindings/torch_release.h"
#include "bindings/warnings.h"
#include "losses/linear_cross_entropy_chunks.h"
#include "losses/losses.h"
#include "losses/targets.h"
#include "operators/autograd_nodes.h"

namespace torch_losses::losses {
namespace {

namespace autograd = torch::autograd;
using c10::DimVector;

// --- checks and the reference path ---------------------------------------------------------------

at::IntArrayRef without_last(at::IntArrayRef sizes) { return sizes.slice(0, sizes.size() - 1); }

at::IntArrayRef out_features(const at::Tensor& linear_weight) {
  return linear_weight.sizes().slice(1, linear_weight.sizes().size() - 2);
}

DimVector concatenate(at::IntArrayRef head, int64_t middle, at::IntArrayRef tail) {
  DimVector all(head.begin(), head.end());
  all.push_back(middle);
  all.append(tail.begin(), tail.end());
  return all;
}

void check_linear(const at::Tensor& input, const at::Tensor& linear_weight,
                  const OptionalTensor& linear_bias) {
  TORCH_CHECK(input.dim() == 1 || input.dim() == 2,
              "expected input with dimensionality 1 or 2, got ", input.dim());
  TORCH_CHECK(linear_weight.dim() >= 2,
              "expected linear_weight with dimensionality at least 2, got ", linear_weight.dim());
  const int64_t in_features = input.size(-1);
  TORCH_CHECK(in_features == linear_weight.size(-1),
              "expected equal input and linear_weight last dimensions (in_features), got ",
              in_features, " and ", linear_weight.size(-1), ", respectively");
  const at::IntArrayRef weight_shape = linear_weight.sizes();
  const at::IntArrayRef bias_shape = without_last(weight_shape);
  TORCH_CHECK(!linear_bias || linear_bias->sizes() == bias_shape, "expected linear_bias shape ",
              python::repr_tuple(bias_shape), ", got ", python::repr_tuple(linear_bias->sizes()));
  TORCH_CHECK(linear_weight.dim() == 2 || input.dim() == 2,
              "K-dimensional loss defined by linear_weight shape ",
              python::repr_tuple(weight_shape), " requires batched input, (N, ", in_features,
              "), got unbatched input with shape ", python::repr_tuple(input.sizes()));
}

// Computes `linear` with the weight's leading dimensions flattened, in the shape that they give the
// logits.
at::Tensor linear_logits(const at::Tensor& input, const at::Tensor& linear_weight,
                         const OptionalTensor& linear_bias, at::IntArrayRef logits_shape) {
  if (linear_weight.dim() == 2) {
    return at::reshape(at::linear(input, linear_weight, linear_bias), logits_shape);
  }
  const int64_t rows = c10::multiply_integers(without_last(linear_weight.sizes()));
  const at::Tensor flat_weight = at::reshape(linear_weight, {rows, input.size(-1)});
  OptionalTensor flat_bias;
  if (linear_bias) flat_bias = at::reshape(*linear_bias, {rows});
  return at::reshape(at::linear(input, flat_weight, flat_bias), logits_shape);
}

// --- in chunks -----------------------------------------------------------------------------------

// The indices of the inputs in the graph, in the order of the arguments.
constexpr size_t kInput = 0;
constexpr size_t kLinearWeight = 1;
constexpr size_t kLinearBias = 3;

// As in Python, target has an index, and an argument that is None has none.
autograd::edge_list edges_of(const ChunkedProblem& problem) {
  autograd::edge_list edges =
      autograd::collect_next_edges(problem.input, problem.linear_weight, problem.target);
  for (const OptionalTensor* argument : {&problem.linear_bias, &problem.weight}) {
    if (*argument) edges.push_back(autograd::impl::gradient_edge(**argument));
  }
  return edges;
}

// A missing upstream gradient counts as zeros.
at::Tensor defined(const at::Tensor& upstream, const autograd::Node& node) {
  return upstream.defined() ? upstream : node.input_metadata(0).zeros_like();
}

// The function for "mean" and "sum". Their gradients are computed with the loss, for an upstream
// gradient of 1.
class ChunkedBackward final : public autograd::Node {
 public:
  ChunkedBackward(const ChunkedProblem& problem, WantedGradients wanted, LossAndGradients computed)
      : Node(edges_of(problem)),
        keeps_gradients_(problem.options.allow_retain_graph),
        wanted_(wanted),
        input_(std::move(computed.input)),
        linear_weight_(std::move(computed.linear_weight)),
        linear_bias_(std::move(computed.linear_bias)) {}

  std::string name() const override {
    return "GeneratedBackwardFor_torch_nn__linear_cross_entropy_batch_chunked_defaultBackward";
  }

 private:
  autograd::variable_list apply(autograd::variable_list&& upstream) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    autograd::variable_list gradients(num_outputs());
    if (release::kPassesNoGradientOn && !upstream[0].defined()) return gradients;
    const at::Tensor factor = defined(upstream[0], *this);
    if (wanted_.input) gradients[kInput] = scaled(input_, factor);
    if (wanted_.linear_weight) gradients[kLinearWeight] = scaled(linear_weight_, factor);
    if (wanted_.linear_bias) gradients[kLinearBias] = scaled(linear_bias_, factor);
    return gradients;
  }

  // Works in place, unless the gradient is used again.
  at::Tensor scaled(at::Tensor& gradient, const at::Tensor& factor) const {
    TORCH_CHECK(gradient.defined(),
                "linear_cross_entropy chunked backward called twice; retain_graph=True / double "
                "backward are not supported.");
    if (keeps_gradients_) return at::mul(gradient, factor);
    return std::exchange(gradient, {}).mul_(factor);
  }

  const bool keeps_gradients_;
  const WantedGradients wanted_;
  at::Tensor input_;
  at::Tensor linear_weight_;
  at::Tensor linear_bias_;
};

// The function for "none", where each row has its own upstream gradient. It computes the chunks
// once more.
class ChunkedNoReductionBackward final : public autograd::Node {
 public:
  explicit ChunkedNoReductionBackward(const ChunkedProblem& problem)
      : Node(edges_of(problem)),
        input_(problem.input.detach(), false),
        linear_weight_(problem.linear_weight.detach(), false),
        target_(problem.target, false),
        linear_bias_(detach(problem.linear_bias), false),
        weight_(detach(problem.weight), false),
        has_bias_(problem.linear_bias.has_value()),
        has_weight_(problem.weight.has_value()),
        ignore_index_(problem.ignore_index),
        options_(problem.options) {}

  std::string name() const override {
    return "GeneratedBackwardFor_torch_nn__linear_cross_entropy_batch_chunked_no_reduction_"
           "defaultBackward";
  }

  void release_variables() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (autograd::SavedVariable* saved :
         {&input_, &linear_weight_, &target_, &linear_bias_, &weight_}) {
      saved->reset_data();
    }
    released_ = true;
  }

 private:
  static OptionalTensor detach(const OptionalTensor& tensor) {
    return tensor ? OptionalTensor(tensor->detach()) : std::nullopt;
  }

  autograd::variable_list apply(autograd::variable_list&& upstream) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    TORCH_CHECK(!released_, autograd::ERR_BACKWARD_TWICE);
    ChunkedProblem problem;
    problem.input = input_.unpack();
    problem.linear_weight = linear_weight_.unpack();
    problem.target = target_.unpack();
    if (has_bias_) problem.linear_bias = linear_bias_.unpack();
    if (has_weight_) problem.weight = weight_.unpack();
    problem.reduction = "none";
    problem.ignore_index = ignore_index_;
    problem.options = options_;
    const WantedGradients wanted{task_should_compute_output(kInput),
                                 task_should_compute_output(kLinearWeight),
                                 has_bias_ && task_should_compute_output(kLinearBias)};
    autograd::variable_list gradients(num_outputs());
    if (!wanted.any()) return gradients;
    LossAndGradients computed =
        chunked_loss_and_gradients(problem, wanted, defined(upstream[0], *this));
    gradients[kInput] = std::move(computed.input);
    gradients[kLinearWeight] = std::move(computed.linear_weight);
    if (has_bias_) gradients[kLinearBias] = std::move(computed.linear_bias);
    return gradients;
  }

  autograd::SavedVariable input_;
  autograd::SavedVariable linear_weight_;
  autograd::SavedVariable target_;
  autograd::SavedVariable linear_bias_;
  autograd::SavedVariable weight_;
  const bool has_bias_;
  const bool has_weight_;
  const int64_t ignore_index_;
  const LinearCrossEntropyOptions options_;
  bool released_ = false;
};

bool requires_grad(const at::Tensor& tensor) { return tensor.requires_grad(); }
bool requires_grad(const OptionalTensor& tensor) { return tensor && tensor->requires_grad(); }

at::Tensor chunked(const ChunkedProblem& problem) {
  const bool records = at::GradMode::is_enabled();
  const WantedGradients wanted{records && requires_grad(problem.input),
                               records && requires_grad(problem.linear_weight),
                               records && requires_grad(problem.linear_bias)};
  const bool reduces = problem.reduction != "none";
  LossAndGradients computed;
  {
    // The node below records everything that is computed here.
    const at::AutoDispatchBelowADInplaceOrView guard;
    if (reduces) {
      computed = chunked_loss_and_gradients(problem, wanted);
    } else {
      computed.loss = chunked_losses(problem);
    }
  }
  at::Tensor loss = std::move(computed.loss);
  // A class weight that requires gradients gets a node too, which gives it no gradient.
  if (!wanted.any() && !(records && requires_grad(problem.weight))) return loss;
  NodePointer node;
  if (reduces) {
    node = make_node<ChunkedBackward>(problem, wanted, std::move(computed));
  } else {
    node = make_node<ChunkedNoReductionBackward>(problem);
  }
  autograd::set_history(loss, node);
  return loss;
}

// The target gets no gradient from chunks.
bool has_chunkable_probabilities(const at::Tensor& input, const at::Tensor& target,
                                 const Reduction& reduction) {
  return release::kChunksProbabilities && reduction.text != "none" &&
         target.scalar_type() == input.scalar_type() &&
         !(target.requires_grad() && at::GradMode::is_enabled());
}

void warn_of_ignored_options(const at::Tensor& linear_weight, const at::Tensor& target,
                             const OptionalTensor& linear_bias, const Reduction& reduction,
                             double label_smoothing) {
  const std::string probabilities =
      release::kChunksProbabilities
          ? " (or a probability target with reduction in {'mean','sum'}, dtype matching input, and "
            "requires_grad == False)"
          : "";
  const std::string gradient =
      release::kChunksProbabilities
          ? c10::str(", target.requires_grad=", target.requires_grad() ? "True" : "False")
          : "";
  warn({WarningCategory::User, WarningOrigin::Caller,
        c10::str("linear_cross_entropy: ``options`` ignored; chunked path needs reduction in "
                 "{'mean','sum','none'}, label_smoothing == 0, target.dtype == int64",
                 probabilities,
                 ", out_features == (). Got reduction=", python::repr_string(reduction.text),
                 ", label_smoothing=", python::repr(label_smoothing),
                 ", target.dtype=", dtype_repr(target.scalar_type()),
                 ", out_features=", python::repr_tuple(out_features(linear_weight)),
                 ", tracing=False", gradient, ", linear_bias.shape=",
                 linear_bias ? python::repr_tuple(linear_bias->sizes()) : "None", ".")});
}

}  // namespace

at::Tensor linear_cross_entropy(const at::Tensor& input, const at::Tensor& linear_weight,
                                const at::Tensor& target, const OptionalTensor& linear_bias,
                                const OptionalTensor& weight, const Reduction& reduction,
                                std::optional<int64_t> ignore_index, double label_smoothing,
                                const std::optional<LinearCrossEntropyOptions>& options) {
  check_linear(input, linear_weight, linear_bias);
  const DimVector logits_shape =
      concatenate(without_last(input.sizes()), linear_weight.size(0), out_features(linear_weight));
  const bool target_contains_probabilities = target.sizes() == at::IntArrayRef(logits_shape);
  TORCH_CHECK(!target_contains_probabilities || !ignore_index,
              "ignore_index cannot be specified when target contains probabilities");
  const int64_t ignored = ignore_index.value_or(-100);
  targets::check_classes(target, linear_weight.size(0), ignored);
  const bool has_probabilities =
      target_contains_probabilities && has_chunkable_probabilities(input, target, reduction);
  const bool can_be_chunked = linear_weight.dim() == 2 && is_mean_sum_or_none(reduction.text) &&
                              label_smoothing == 0 &&
                              (target.scalar_type() == at::kLong || has_probabilities);
  if (options && !can_be_chunked) {
    warn_of_ignored_options(linear_weight, target, linear_bias, reduction, label_smoothing);
  }
  if (options && can_be_chunked) {
    const bool is_batch = input.dim() == 2;
    ChunkedProblem problem{is_batch ? input : input.unsqueeze(0),
                           linear_weight,
                           is_batch ? target : target.unsqueeze(0),
                           linear_bias,
                           weight,
                           reduction.text,
                           ignored,
                           {}};
    problem.options =
        adjust(*options, problem.input.size(0), problem.input.size(1), linear_weight.size(0),
               input.scalar_type(), input.device(), problem.target.is_floating_point());
    const at::Tensor loss = chunked(problem);
    return is_batch ? loss : loss.squeeze(0);
  }
  const at::Tensor logits = linear_logits(input, linear_weight, linear_bias, logits_shape);
  const SmallWork small_work(logits.numel());
  return cross_entropy(logits, target, weight, ignored, reduction, label_smoothing);
}

}  // namespace torch_losses::losses
