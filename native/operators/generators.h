// Random number generators: torch.Generator, manual_seed.
#pragma once

#include "bindings/node_api.h"

#include <ATen/core/Generator.h>

namespace torch_losses {

class Environment;
class Bindings;

template <typename T>
T read(Environment& environment, napi_value value);

// The native half of a `torch.Generator`: a tagged External.
template <>
at::Generator read(Environment& environment, napi_value value);

void add_generators(Bindings& bindings);

}  // namespace torch_losses
