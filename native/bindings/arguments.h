// From JavaScript values to C++ and back, by type.
//
// lib/ checks what users pass, with names, and fills in defaults; here a value that is not what the
// C++ parameter needs is a TypeError all the same, never undefined behaviour. A tensor crosses as
// its handle, a number.
#pragma once

#include "bindings/node_api.h"

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/Scalar.h>
#include <c10/core/ScalarType.h>

#include <concepts>
#include <optional>
#include <string>
#include <vector>

#include "losses/losses.h"
#include "losses/reduction.h"

namespace torch_losses {

class Environment;

// What an argument should have been; the door adds which argument of which function it was.
struct ArgumentMismatch {
  std::string expected;
};

template <typename T>
T read(Environment& environment, napi_value value);

template <>
napi_value read(Environment& environment, napi_value value);
template <>
at::Tensor read(Environment& environment, napi_value value);
template <>
double read(Environment& environment, napi_value value);
// A safe integer, or a BigInt that fits 64 bits.
template <>
int64_t read(Environment& environment, napi_value value);
template <>
bool read(Environment& environment, napi_value value);
template <>
std::string read(Environment& environment, napi_value value);
// A number is an int where it is a safe integer other than -0, else a float; `[x]` is a float;
// `[re, im]` complex.
template <>
at::Scalar read(Environment& environment, napi_value value);
// c10's number for the type, as in lib/tensor/dtype.ts.
template <>
at::ScalarType read(Environment& environment, napi_value value);
template <>
at::Device read(Environment& environment, napi_value value);
// The name; or `[name, legacy]`, where `size_average` or `reduce` were given; or for the usual
// names a small number.
template <>
Reduction read(Environment& environment, napi_value value);
// A tensor's handle, or an array of integers.
template <>
losses::Lengths read(Environment& environment, napi_value value);
// A tensor's handle, or `[number]`.
template <>
losses::Variance read(Environment& environment, napi_value value);
// `[allow_retain_graph, batch_chunk_size, chunking_method, acc_policy, acc_dtype]`.
template <>
losses::LinearCrossEntropyOptions read(Environment& environment, napi_value value);
// A function from two handles to a handle; null for torch's own.
template <>
losses::DistanceFunction read(Environment& environment, napi_value value);

bool is_nullish(Environment& environment, napi_value value);
bool is_array(Environment& environment, napi_value value);
uint32_t array_length(Environment& environment, napi_value array);
napi_value array_element(Environment& environment, napi_value array, uint32_t index);

// Reads a parameter of any type the functions behind the door take.
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

// A new handle, a plain number, for lib/tensor/tensor.ts to wrap.
napi_value to_javascript(Environment& environment, at::Tensor tensor);
napi_value to_javascript(Environment& environment, const std::string& text);
napi_value boolean(Environment& environment, bool value);
// A template, so that no pointer or number becomes a boolean by conversion.
napi_value to_javascript(Environment& environment, std::same_as<bool> auto value) {
  return boolean(environment, value);
}
napi_value to_javascript(Environment& environment, double value);
// A number where it is a safe integer, else a BigInt: never rounded.
napi_value to_javascript(Environment& environment, int64_t value);
napi_value to_javascript(Environment& environment, uint64_t value);
// `{ re, im }` for a complex one.
napi_value to_javascript(Environment& environment, const at::Scalar& value);
inline napi_value to_javascript(Environment&, napi_value value) { return value; }
// As they are read.
napi_value to_javascript(Environment& environment,
                         const losses::LinearCrossEntropyOptions& options);

napi_value undefined(Environment& environment);
napi_value new_array(Environment& environment, size_t length);
void set_element(Environment& environment, napi_value array, size_t index, napi_value value);
napi_value new_object(Environment& environment);
void set_property(Environment& environment, napi_value object, const char* name, napi_value value);

template <typename T>
napi_value to_javascript(Environment& environment, const std::vector<T>& elements) {
  napi_value array = new_array(environment, elements.size());
  for (size_t index = 0; index < elements.size(); ++index) {
    set_element(environment, array, index, to_javascript(environment, elements[index]));
  }
  return array;
}

template <typename T>
napi_value to_javascript(Environment& environment, const std::optional<T>& value) {
  return value ? to_javascript(environment, *value) : undefined(environment);
}

}  // namespace torch_losses
