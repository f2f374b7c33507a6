// Kernels for meta tensors, which have a shape and no elements.
#pragma once

namespace torch_losses {

// Registers meta kernels with libtorch's dispatcher, once in the process, for the operators of
// losses whose meta kernels PyTorch implements in Python.
void register_meta_kernels();

}  // namespace torch_losses
