// Own kernels: they compute some losses in libtorch's place, faster and with the same bits.
//
// All are off unless somebody asks for them: TORCH_LOSSES_KERNELS, torch.backends.kernels. This
// header is the only one of this folder that the rest of native/ includes. Without the folder, and
// without the second arguments of add_loss in addon.cc, the addon works, and libtorch computes
// everything.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/function.h>

#include <cstdint>
#include <optional>

#include "losses/losses.h"

namespace torch_losses {

class Bindings;

namespace kernels {

using losses::OptionalTensor;
using Result = std::optional<at::Tensor>;

// Each function has the name and the parameters of a loss, and returns the loss. It returns nothing
// if libtorch must compute the loss: if the kernel is not on, if the loss would warn or throw, or
// if the kernel does not accept the arguments.

Result mse_loss(const at::Tensor& input, const at::Tensor& target, const Reduction& reduction,
                const OptionalTensor& weight);

Result l1_loss(const at::Tensor& input, const at::Tensor& target, const Reduction& reduction,
               const OptionalTensor& weight);

Result smooth_l1_loss(const at::Tensor& input, const at::Tensor& target, const Reduction& reduction,
                      double beta);

Result huber_loss(const at::Tensor& input, const at::Tensor& target, const Reduction& reduction,
                  double delta, const OptionalTensor& weight);

Result cross_entropy(const at::Tensor& input, const at::Tensor& target,
                     const OptionalTensor& weight, int64_t ignore_index, const Reduction& reduction,
                     double label_smoothing);

// Runs a recorded function and the next one, to which nothing else leads, if an enabled kernel
// computes the gradient of both. Otherwise returns an undefined tensor, and the caller runs the
// functions.
at::Tensor gradient(torch::autograd::Node& function, torch::autograd::Node& next,
                    const at::Tensor& upstream);

}  // namespace kernels

void add_kernels(Bindings& bindings);

}  // namespace torch_losses
