// Gives back memory that a kernel of libtorch leaves unused.
#pragma once

#include <ATen/core/Tensor.h>

namespace torch_losses {

// Moves a small CPU tensor out of a storage that is much larger than the tensor. Some losses of
// libtorch reduce into memory for all elements: a loss that is kept would keep that memory.
void compact(at::Tensor& tensor);

}  // namespace torch_losses
