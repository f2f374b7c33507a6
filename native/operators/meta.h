// Operators on meta tensors, which have a shape and no elements.
#pragma once

namespace torch_losses {

// Registers with libtorch's dispatcher, once in the process, the meta kernels of operators that
// losses need and that only Python's torch has: there they are decompositions in Python.
void register_meta_kernels();

}  // namespace torch_losses
