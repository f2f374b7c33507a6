#include "bindings/arguments.h"

#include <c10/util/complex.h>

#include <cmath>
#include <limits>

#include "bindings/environment.h"
#include "bindings/errors.h"

namespace torch_losses {
namespace {

constexpr double kMaxSafeInteger = 9007199254740991.0;

bool is_safe_integer(double number) {
  return std::trunc(number) == number && std::abs(number) <= kMaxSafeInteger;
}

// Whether a number is read as an int. Unsafe integers and -0 are floats.
bool is_int(double number) {
  return is_safe_integer(number) && !(number == 0 && std::signbit(number));
}

int64_t read_bigint(Environment& environment, napi_value value) {
  int64_t number = 0;
  bool lossless = false;
  check(environment.env(),
        napi_get_value_bigint_int64(environment.env(), value, &number, &lossless));
  if (!lossless) throw ArgumentMismatch{"an integer of 64 bits"};
  return number;
}

// Reads `[x]` as a float and `[re, im]` as a complex number.
c10::Scalar read_tagged_scalar(Environment& environment, napi_value array) {
  uint32_t length = array_length(environment, array);
  if (length != 1 && length != 2) throw ArgumentMismatch{"a number"};
  double real = read<double>(environment, array_element(environment, array, 0));
  if (length == 1) return real;
  double imaginary = read<double>(environment, array_element(environment, array, 1));
  return c10::complex<double>(real, imaginary);
}

Handle read_handle(Environment& environment, napi_value value) {
  double handle = 0;
  if (napi_get_value_double(environment.env(), value, &handle) != napi_ok) {
    throw ArgumentMismatch{"a Tensor"};
  }
  return handle;
}

// Returns the tensor that a recorded call was to compute. Waits for the job that runs the call.
at::Tensor computed(Environment& environment, Handle handle, const at::Tensor& placeholder) {
  const Recording* recording = environment.recording();
  const auto value = [&] { return placeholder_of(placeholder)->value(); };
  if (recording != nullptr && recording->is_reading() && value() == nullptr) return placeholder;
  if (recording == nullptr && value() == nullptr) environment.async().wait_for_graphs();
  if (value() == nullptr) {
    if (recording != nullptr) throw NotComputed{};
    throw PythonError("RuntimeError", "the call that computes the tensor has failed");
  }
  environment.handles().replace(handle, *value());
  return *value();
}

// Returns the tensor of a handle, when no job writes to it.
at::Tensor read_tensor(Environment& environment, napi_value value, bool has_elements) {
  const Handle handle = read_handle(environment, value);
  // Copies the tensor, because waiting may run JavaScript that frees the slot.
  at::Tensor tensor = environment.handles().get(handle);
  if (placeholder_of(tensor) != nullptr) return computed(environment, handle, tensor);
  if (const Recording* recording = environment.recording()) {
    const bool needs_elements = has_elements && !recording->is_reading();
    if (needs_elements && recording->writes(tensor)) throw NotComputed{};
  }
  environment.async().wait_to_read(tensor);
  return tensor;
}

}  // namespace

napi_valuetype type_of(Environment& environment, napi_value value) {
  return call_node<napi_valuetype>(environment.env(), napi_typeof, value);
}

bool is_nullish(Environment& environment, napi_value value) {
  napi_valuetype type = type_of(environment, value);
  return type == napi_undefined || type == napi_null;
}

bool is_array(Environment& environment, napi_value value) {
  return call_node<bool>(environment.env(), napi_is_array, value);
}

uint32_t array_length(Environment& environment, napi_value array) {
  return call_node<uint32_t>(environment.env(), napi_get_array_length, array);
}

napi_value array_element(Environment& environment, napi_value array, uint32_t index) {
  return call_node<napi_value>(environment.env(), napi_get_element, array, index);
}

template <>
napi_value read(Environment&, napi_value value) {
  return value;
}

template <>
double read(Environment& environment, napi_value value) {
  double number = 0;
  if (napi_get_value_double(environment.env(), value, &number) != napi_ok) {
    throw ArgumentMismatch{"a number"};
  }
  return number;
}

template <>
at::Tensor read(Environment& environment, napi_value value) {
  return read_tensor(environment, value, true);
}

template <>
Described read(Environment& environment, napi_value value) {
  return {read_tensor(environment, value, false)};
}

template <>
int64_t read(Environment& environment, napi_value value) {
  double number = 0;
  if (napi_get_value_double(environment.env(), value, &number) == napi_ok) {
    if (!is_safe_integer(number)) throw ArgumentMismatch{"a safe integer"};
    return static_cast<int64_t>(number);
  }
  if (type_of(environment, value) != napi_bigint) throw ArgumentMismatch{"an integer"};
  return read_bigint(environment, value);
}

template <>
bool read(Environment& environment, napi_value value) {
  bool flag = false;
  if (napi_get_value_bool(environment.env(), value, &flag) != napi_ok) {
    throw ArgumentMismatch{"a boolean"};
  }
  return flag;
}

template <>
std::string read(Environment& environment, napi_value value) {
  size_t length = 0;
  if (napi_get_value_string_utf8(environment.env(), value, nullptr, 0, &length) != napi_ok) {
    throw ArgumentMismatch{"a string"};
  }
  std::string text(length, '\0');
  check(environment.env(),
        napi_get_value_string_utf8(environment.env(), value, text.data(), length + 1, &length));
  return text;
}

template <>
at::Scalar read(Environment& environment, napi_value value) {
  switch (type_of(environment, value)) {
    case napi_number: {
      double number = read<double>(environment, value);
      if (is_int(number)) return static_cast<int64_t>(number);
      return number;
    }
    case napi_boolean: return read<bool>(environment, value);
    case napi_bigint: {
      uint64_t bits = 0;
      bool lossless = false;
      check(environment.env(),
            napi_get_value_bigint_uint64(environment.env(), value, &bits, &lossless));
      if (lossless && bits > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
        return bits;
      }
      return read_bigint(environment, value);
    }
    default:
      if (is_array(environment, value)) return read_tagged_scalar(environment, value);
      throw ArgumentMismatch{"a number"};
  }
}

template <>
at::ScalarType read(Environment& environment, napi_value value) {
  auto number = read<int64_t>(environment, value);
  if (number < 0 || number >= static_cast<int64_t>(at::ScalarType::NumOptions)) {
    throw ArgumentMismatch{"a dtype"};
  }
  return static_cast<at::ScalarType>(number);
}

template <>
at::Device read(Environment& environment, napi_value value) {
  return at::Device(read<std::string>(environment, value));
}

napi_value undefined(Environment& environment) {
  return call_node<napi_value>(environment.env(), napi_get_undefined);
}

napi_value boolean(Environment& environment, bool flag) {
  return call_node<napi_value>(environment.env(), napi_get_boolean, flag);
}

napi_value new_array(Environment& environment, size_t length) {
  return call_node<napi_value>(environment.env(), napi_create_array_with_length, length);
}

void set_element(Environment& environment, napi_value array, size_t index, napi_value value) {
  check(environment.env(),
        napi_set_element(environment.env(), array, static_cast<uint32_t>(index), value));
}

napi_value new_object(Environment& environment) {
  return call_node<napi_value>(environment.env(), napi_create_object);
}

void set_property(Environment& environment, napi_value object, const char* name, napi_value value) {
  check(environment.env(), napi_set_named_property(environment.env(), object, name, value));
}

napi_value to_javascript(Environment& environment, at::Tensor tensor) {
  return to_javascript(environment, environment.handles().create(std::move(tensor)));
}

napi_value to_javascript(Environment& environment, const std::string& text) {
  return call_node<napi_value>(environment.env(), napi_create_string_utf8, text.data(),
                               text.size());
}

napi_value to_javascript(Environment& environment, double number) {
  return call_node<napi_value>(environment.env(), napi_create_double, number);
}

napi_value from_integer(Environment& environment, int64_t number) {
  const bool is_safe = std::abs(static_cast<double>(number)) <= kMaxSafeInteger;
  const auto create = is_safe ? napi_create_int64 : napi_create_bigint_int64;
  return call_node<napi_value>(environment.env(), create, number);
}

napi_value from_integer(Environment& environment, uint64_t number) {
  if (number <= static_cast<uint64_t>(kMaxSafeInteger)) {
    return from_integer(environment, static_cast<int64_t>(number));
  }
  return call_node<napi_value>(environment.env(), napi_create_bigint_uint64, number);
}

napi_value to_javascript(Environment& environment, const at::Scalar& scalar) {
  if (scalar.isBoolean()) return boolean(environment, scalar.toBool());
  if (scalar.type() == at::ScalarType::UInt64) {
    return to_javascript(environment, scalar.toUInt64());
  }
  if (scalar.isIntegral(false)) return to_javascript(environment, scalar.toLong());
  if (scalar.isComplex()) {
    auto number = scalar.toComplexDouble();
    napi_value object = new_object(environment);
    set_property(environment, object, "re", number.real());
    set_property(environment, object, "im", number.imag());
    return object;
  }
  return to_javascript(environment, scalar.toDouble());
}

napi_value to_javascript(Environment& environment, at::ScalarType dtype) {
  return to_javascript(environment, static_cast<int64_t>(dtype));
}

napi_value to_javascript(Environment& environment, const at::Device& device) {
  return to_javascript(environment, device.str());
}

}  // namespace torch_losses
