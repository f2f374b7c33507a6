#include "losses/linear_cross_entropy_plan.h"

#include <c10/util/Exception.h>

#include <string_view>

#include "bindings/dtype_names.h"

namespace torch_losses::losses {
namespace {

int64_t item_size(at::ScalarType dtype) { return static_cast<int64_t>(c10::elementSize(dtype)); }

}  // namespace

Plan::Plan(const ChunkedProblem& problem, WantedGradients wanted)
    : is_cuda(problem.input.is_cuda()),
      dtype(problem.input.scalar_type()),
      acc_dtype(*problem.options.acc_dtype),
      is_mixed(dtype != acc_dtype),
      output_dtype(dtype),
      grad_input_dtype(dtype),
      logits_dtype(dtype) {
  TORCH_CHECK(!is_mixed || (at::isReducedFloatingType(dtype) && acc_dtype == at::kFloat),
              "linear_cross_entropy supports float32 acc_dtype with float16/bfloat16 inputs, but "
              "got ",
              dtype_repr(acc_dtype), " acc_dtype and ", dtype_repr(dtype), " inputs.");
  const std::string_view policy = problem.options.acc_policy;
  const bool is_frugal = policy == "balanced" || policy == "compact";
  const bool is_fp16 = dtype == at::kHalf;
  if (is_mixed) {
    if (is_fp16) output_dtype = acc_dtype;
    if (!is_frugal) grad_input_dtype = acc_dtype;
    if (!is_fp16 || !is_frugal) logits_dtype = acc_dtype;
  }
  const bool converts_linear_weight =
      is_mixed && (!is_cuda || (wanted.input && grad_input_dtype == logits_dtype));
  linear_weight_dtype = converts_linear_weight ? logits_dtype : dtype;

  const bool adds_in_place = policy == "compact" && (is_cuda || logits_dtype == dtype);
  stages_weight_grad = wanted.linear_weight && !adds_in_place;
  stages_bias_grad = wanted.linear_bias && is_mixed;
  stages_input_grad = wanted.input && !is_cuda && grad_input_dtype != linear_weight_dtype;
  forward_takes_converted_input = is_mixed && !is_cuda && dtype != logits_dtype;
  converts_input = forward_takes_converted_input || (is_mixed && wanted.linear_weight);
  narrows_logits_for_input_grad = is_cuda && wanted.input && logits_dtype != grad_input_dtype;
  narrows_logits = narrows_logits_for_input_grad ||
                   (wanted.linear_weight && !stages_weight_grad && logits_dtype != dtype);
  widens_logits_for_weight_grad = stages_weight_grad && !is_cuda && logits_dtype != acc_dtype;
  narrows_in_logits_buffer = !stages_weight_grad && is_mixed &&
                             problem.linear_weight.size(0) * item_size(logits_dtype) >=
                                 problem.input.size(1) * item_size(dtype);
  has_probabilities = problem.target.is_floating_point();
  converts_probabilities = has_probabilities && (problem.weight || dtype != logits_dtype);
}

}  // namespace torch_losses::losses
