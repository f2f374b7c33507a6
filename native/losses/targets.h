// Checks class indices on a GPU before a kernel uses them. A kernel that gets an index out of range
// fails an assertion on the device, and nothing more can be computed in the process. The check is
// off by default, because it waits for the device.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace torch_losses {

class Bindings;

namespace targets {

// The devices whose class indices are checked: lib/cuda/targets.ts.
enum class Checked { None, Cuda, Every };

// Returns whether class indices on the device of this tensor are checked.
bool are_checked(const at::Tensor& tensor);

// Throws the error of the CPU kernels for the first index that is neither `ignored` nor below
// `classes`. Does nothing for targets of probabilities.
void check_classes(const at::Tensor& target, int64_t classes, int64_t ignored);

// The same for multi_margin_loss.
void check_margin_classes(const at::Tensor& target, int64_t classes);

// The same for multilabel_margin_loss, where -1 ends the list.
void check_labels(const at::Tensor& target, int64_t classes);

}  // namespace targets

void add_targets(Bindings& bindings);

}  // namespace torch_losses
