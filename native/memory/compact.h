// Frees memory that libtorch's kernels allocate for a result and do not use.
#pragma once

#include <ATen/core/Tensor.h>

namespace torch_losses {

// Moves a 0-d CPU tensor to a new storage if its own is much larger than the tensor. Some losses of
// libtorch reduce within a storage for all elements, which the result would keep alive.
void compact(at::Tensor& tensor);

}  // namespace torch_losses
