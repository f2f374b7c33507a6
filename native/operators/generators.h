// Random number generators.
#pragma once

#include "bindings/node_api.h"

#include <ATen/core/Generator.h>

namespace torch_losses {

class Environment;

template <typename T>
T read(Environment& environment, napi_value value);

// Takes the native half of a `torch.Generator`, an external value.
template <>
at::Generator read(Environment& environment, napi_value value);

}  // namespace torch_losses
