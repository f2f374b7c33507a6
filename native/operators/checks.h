// Checks of arguments that libtorch omits, for operators that would otherwise end the process.
#pragma once

#include <ATen/core/stack.h>

#include <string>

namespace torch_losses {

// Throws c10::Error if the arguments would end the process. Replaces tensors whose values decide
// that by copies, because another thread could change them after the check.
using OperatorCheck = void (*)(torch::jit::Stack& arguments);

// Returns the check of an operator, for all its overloads; nullptr for most operators.
OperatorCheck operator_check(const std::string& name);

}  // namespace torch_losses
