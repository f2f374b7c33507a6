// Values of TorchScript: numbers, strings, tensors, and lists, tuples and dictionaries of them.
//
// lib/jit/values.ts encodes what JavaScript passes and decodes what it gets. Numbers, strings,
// booleans and null stand for themselves. Everything else is an array that begins with a Tag.
#pragma once

#include "bindings/node_api.h"

#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>

#include <cstdint>
#include <vector>

namespace torch_losses {

class Environment;

namespace scripts {

enum class Tag : uint8_t {
  Tensor,   // [Tag, handle]; as a result also -1 - i for the i-th tensor of the arguments
  Float,    // [Tag, number], for a number that is a float although it is integral
  Complex,  // [Tag, [re, im]]; as a result { re, im } alone
  List,     // [Tag, [value, …]]
  Dict,     // [Tag, [[key, value], …]]
  Tuple,    // [Tag, [value, …], names or null]; only as a result
  Device,   // [Tag, name]
  Dtype,    // [Tag, code]; only as an argument, since TorchScript's dtypes are integers
};

// Converts an encoded value to a type, and adds the tensors in it to `tensors`. Throws
// ArgumentMismatch with Python's name of the value's type if the type does not accept it.
c10::IValue to_ivalue(Environment& environment, napi_value value, const c10::Type& type,
                      std::vector<at::Tensor>& tensors);

// Encodes a value. `known` has the tensors of the arguments. Throws NotImplementedError for an
// object of a class.
napi_value from_ivalue(Environment& environment, const c10::IValue& value,
                       const std::vector<at::Tensor>& known);

}  // namespace scripts
}  // namespace torch_losses
