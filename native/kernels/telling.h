// Numbers to compare two ways of adding up by.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace torch_losses::telling {

// Numbers between -1 and 1 with all their digits, whose sums tell in which order they were added;
// others for another seed.
at::Tensor numbers(at::IntArrayRef sizes, at::ScalarType dtype, uint32_t seed = 1);

// To the bit. An undefined tensor equals none.
bool are_equal(const at::Tensor& left, const at::Tensor& right);

}  // namespace torch_losses::telling
