// Class indices on a GPU, checked before a kernel sees them.
//
// A kernel that meets one out of range fails an assertion on the device, after which nothing more
// can be computed in the process. Off unless asked for: the check waits for the device.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace torch_losses {

class Bindings;

namespace targets {

// Whose class indices are checked: lib/cuda/targets.ts.
enum class Checked { None, Cuda, Every };

// Whether class indices that lie where this tensor does are checked.
bool are_checked(const at::Tensor& tensor);

// Throws the CPU kernels' error for the first index that is neither `ignored` nor below `classes`;
// where targets are probabilities, does nothing.
void check_classes(const at::Tensor& target, int64_t classes, int64_t ignored);

// The same for multi_margin_loss.
void check_margin_classes(const at::Tensor& target, int64_t classes);

// The same for multilabel_margin_loss, where -1 ends the list.
void check_labels(const at::Tensor& target, int64_t classes);

}  // namespace targets

void add_targets(Bindings& bindings);

}  // namespace torch_losses
