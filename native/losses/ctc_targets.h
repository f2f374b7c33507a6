// Checks the labels of ctc_loss. libtorch does not check them: it reads and writes outside of the
// log-probabilities if a label is no class.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace torch_losses::ctc_targets {

// Returns the first of the labels in use that is no class, if there is one. `targets` is on the
// CPU.
std::optional<int64_t> first_out_of_range(const at::Tensor& log_probs, const at::Tensor& targets,
                                          at::IntArrayRef target_lengths);

// Throws an IndexError that names that label.
void check(const at::Tensor& log_probs, const at::Tensor& targets, at::IntArrayRef target_lengths);

// Returns lengths as a list, which is empty if they are no integers.
std::vector<int64_t> list_of(const at::Tensor& lengths);
inline const std::vector<int64_t>& list_of(const std::vector<int64_t>& lengths) { return lengths; }

}  // namespace torch_losses::ctc_targets
