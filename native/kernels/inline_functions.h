// The functions of a small graph, computed where they run.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/function.h>

namespace torch_losses {

// The results of a recorded function for the gradient of its one output, as its own code gives
// them; false where that code is to run: for most functions, and for all but small plain tensors.
bool apply_inline(torch::autograd::Node& function, const at::Tensor& gradient,
                  torch::autograd::variable_list& results);

// The same of a function and of the next, which gets nothing else, in one step.
bool apply_inline(torch::autograd::Node& function, torch::autograd::Node& next,
                  const at::Tensor& gradient, torch::autograd::variable_list& results);

}  // namespace torch_losses
