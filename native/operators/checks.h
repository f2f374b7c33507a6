// What libtorch leaves unchecked of the arguments of some operators, and dies of.
#pragma once

#include <ATen/core/stack.h>

#include <string>

namespace torch_losses {

// Throws c10::Error where the arguments would end the process; puts a copy in the place of those
// whose numbers decide it, and might change.
using OperatorCheck = void (*)(torch::jit::Stack& arguments);

// Of an operator by its name, as of all its overloads; null for nearly all.
OperatorCheck operator_check(const std::string& name);

}  // namespace torch_losses
