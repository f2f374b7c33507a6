// The classes of torch.distributed as arguments of operators.
#pragma once

#include "bindings/node_api.h"

#include <ATen/core/ivalue.h>

namespace torch_losses {

class Environment;

namespace distributed {

// Reads the `native` of a ProcessGroup.
c10::IValue group_value(Environment& environment, napi_value value);

// Reads the number of a ReduceOp.
c10::IValue reduce_op_value(Environment& environment, napi_value value);

}  // namespace distributed
}  // namespace torch_losses
