// Python's names of dtypes.
#pragma once

#include <c10/core/ScalarType.h>

#include <string>

namespace torch_losses {

// Returns repr(dtype): `torch.float32`.
inline std::string dtype_repr(c10::ScalarType dtype) {
  return "torch." + std::string(c10::getDtypeNames(dtype).first);
}

}  // namespace torch_losses
