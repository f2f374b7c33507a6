// Converts JavaScript values to C++ and back, by their C++ type.
//
// lib/ checks what users pass, reports errors by the parameter's name and fills in defaults. A
// value that still has another type than the C++ parameter is a TypeError here, never undefined
// behaviour. A tensor is passed as its handle, a number (handles.h).
#pragma once

#include "bindings/node_api.h"

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/Scalar.h>
#include <c10/core/ScalarType.h>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace torch_losses {

class Environment;

// Thrown if an argument has the wrong type. The caller adds the function and the argument's
// position or name.
struct ArgumentMismatch {
  std::string expected;
};

// --- from JavaScript -----------------------------------------------------------------------------

// Converts a value. Throws ArgumentMismatch if it has the wrong type. A type that is not below is
// added by a specialisation beside what needs it (losses/arguments.h, operators/generators.h).
template <typename T>
T read(Environment& environment, napi_value value);

template <>
napi_value read(Environment& environment, napi_value value);
template <>
at::Tensor read(Environment& environment, napi_value value);
// A tensor of which the properties are read, not the elements.
struct Described {
  at::Tensor tensor;
};
template <>
Described read(Environment& environment, napi_value value);
template <>
double read(Environment& environment, napi_value value);
// Takes a safe integer, or a BigInt of at most 64 bits.
template <>
int64_t read(Environment& environment, napi_value value);
template <>
bool read(Environment& environment, napi_value value);
template <>
std::string read(Environment& environment, napi_value value);
// Takes a safe integer other than -0 as an int, any other number as a float; `[x]` as a float;
// `[re, im]` as a complex number; a boolean; a BigInt.
template <>
at::Scalar read(Environment& environment, napi_value value);
// Takes c10's number of the dtype, as lib/tensor/dtype.ts has it.
template <>
at::ScalarType read(Environment& environment, napi_value value);
template <>
at::Device read(Environment& environment, napi_value value);

// Whether T is a JavaScript function as C++ calls it: specialised beside its `read`.
template <typename T>
constexpr bool is_javascript_function = false;

napi_valuetype type_of(Environment& environment, napi_value value);
bool is_nullish(Environment& environment, napi_value value);
bool is_array(Environment& environment, napi_value value);
uint32_t array_length(Environment& environment, napi_value array);
napi_value array_element(Environment& environment, napi_value array, uint32_t index);

// Converts a value to the type of any parameter of a bound function, optionals and lists included.
template <typename T>
struct Argument {
  static T from(Environment& environment, napi_value value) { return read<T>(environment, value); }
};

template <typename T>
struct Argument<std::optional<T>> {
  static std::optional<T> from(Environment& environment, napi_value value) {
    if (is_nullish(environment, value)) return std::nullopt;
    return Argument<T>::from(environment, value);
  }
};

template <typename T>
struct Argument<std::vector<T>> {
  static std::vector<T> from(Environment& environment, napi_value value) {
    if (!is_array(environment, value)) throw ArgumentMismatch{"an array"};
    uint32_t length = array_length(environment, value);
    std::vector<T> elements;
    elements.reserve(length);
    for (uint32_t index = 0; index < length; ++index) {
      elements.push_back(Argument<T>::from(environment, array_element(environment, value, index)));
    }
    return elements;
  }
};

// --- to JavaScript -------------------------------------------------------------------------------

// Creates a handle, for lib/tensor/tensor.ts to wrap.
napi_value to_javascript(Environment& environment, at::Tensor tensor);
napi_value to_javascript(Environment& environment, const std::string& text);
napi_value boolean(Environment& environment, bool value);
// Templates, so that no pointer or number converts to a boolean, and each integer to its own kind.
napi_value to_javascript(Environment& environment, std::same_as<bool> auto value) {
  return boolean(environment, value);
}
napi_value to_javascript(Environment& environment, double value);
// Creates a number if the integer is safe, else a BigInt, so that nothing is rounded.
napi_value from_integer(Environment& environment, int64_t value);
napi_value from_integer(Environment& environment, uint64_t value);
napi_value to_javascript(Environment& environment, std::signed_integral auto value) {
  return from_integer(environment, static_cast<int64_t>(value));
}
napi_value to_javascript(Environment& environment, std::unsigned_integral auto value)
  requires(!std::same_as<decltype(value), bool>)
{
  return from_integer(environment, static_cast<uint64_t>(value));
}
// Creates `{ re, im }` for a complex number.
napi_value to_javascript(Environment& environment, const at::Scalar& value);
// c10's number of the dtype, as it is read.
napi_value to_javascript(Environment& environment, at::ScalarType dtype);
// The device's name, as it is read.
napi_value to_javascript(Environment& environment, const at::Device& device);
inline napi_value to_javascript(Environment&, napi_value value) { return value; }

napi_value undefined(Environment& environment);
napi_value new_array(Environment& environment, size_t length);
void set_element(Environment& environment, napi_value array, size_t index, napi_value value);
napi_value new_object(Environment& environment);
void set_property(Environment& environment, napi_value object, const char* name, napi_value value);

template <typename T>
napi_value to_javascript(Environment& environment, const std::optional<T>& value);

template <typename T>
napi_value to_javascript(Environment& environment, at::ArrayRef<T> elements) {
  napi_value array = new_array(environment, elements.size());
  for (size_t index = 0; index < elements.size(); ++index) {
    set_element(environment, array, index, to_javascript(environment, elements[index]));
  }
  return array;
}

template <typename T>
napi_value to_javascript(Environment& environment, const std::vector<T>& elements) {
  return to_javascript(environment, at::ArrayRef<T>(elements));
}

template <typename T>
void set_property(Environment& environment, napi_value object, const char* name, const T& value) {
  set_property(environment, object, name, to_javascript(environment, value));
}

template <typename T>
napi_value to_javascript(Environment& environment, const std::optional<T>& value) {
  return value ? to_javascript(environment, *value) : undefined(environment);
}

}  // namespace torch_losses
