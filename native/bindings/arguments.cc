#include "bindings/arguments.h"

#include <c10/util/complex.h>

#include <array>
#include <cmath>
#include <limits>

#include "bindings/environment.h"
#include "bindings/errors.h"

namespace torch_losses {
namespace {

constexpr double kMaxSafeInteger = 9007199254740991.0;

// lib/reduction.ts numbers the names it knows in this order; any other name crosses as a string.
constexpr std::array<const char*, 5> kReductions = {"none", "mean", "sum", "batchmean",
                                                    "elementwise_mean"};
// What `size_average`/`reduce` ask for is added to the number of the name, times this.
constexpr int kLegacyFactor = 8;

napi_valuetype type_of(Environment& environment, napi_value value) {
  napi_valuetype type = napi_undefined;
  check(environment.env(), napi_typeof(environment.env(), value, &type));
  return type;
}

bool is_safe_integer(double number) {
  return std::trunc(number) == number && std::abs(number) <= kMaxSafeInteger;
}

// A float where it must stay one: fractions, infinities, NaN, unsafe integers, and -0.
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

c10::Scalar read_tagged_scalar(Environment& environment, napi_value array) {
  uint32_t length = array_length(environment, array);
  if (length != 1 && length != 2) throw ArgumentMismatch{"a number"};
  double real = read<double>(environment, array_element(environment, array, 0));
  if (length == 1) return real;
  double imaginary = read<double>(environment, array_element(environment, array, 1));
  return c10::complex<double>(real, imaginary);
}

}  // namespace

bool is_nullish(Environment& environment, napi_value value) {
  napi_valuetype type = type_of(environment, value);
  return type == napi_undefined || type == napi_null;
}

bool is_array(Environment& environment, napi_value value) {
  bool result = false;
  check(environment.env(), napi_is_array(environment.env(), value, &result));
  return result;
}

uint32_t array_length(Environment& environment, napi_value array) {
  uint32_t length = 0;
  check(environment.env(), napi_get_array_length(environment.env(), array, &length));
  return length;
}

napi_value array_element(Environment& environment, napi_value array, uint32_t index) {
  napi_value element = nullptr;
  check(environment.env(), napi_get_element(environment.env(), array, index, &element));
  return element;
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
  double handle = 0;
  if (napi_get_value_double(environment.env(), value, &handle) != napi_ok) {
    throw ArgumentMismatch{"a Tensor"};
  }
  // A copy: what is waited for may free the slot.
  at::Tensor tensor = environment.handles().get(handle);
  environment.async().wait_to_read(tensor);
  return tensor;
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
    case napi_boolean:
      return read<bool>(environment, value);
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

template <>
Reduction read(Environment& environment, napi_value value) {
  Reduction reduction;
  if (type_of(environment, value) == napi_string) {
    reduction.text = read<std::string>(environment, value);
    return reduction;
  }
  if (is_array(environment, value)) {
    reduction.text = read<std::string>(environment, array_element(environment, value, 0));
    auto legacy = read<int64_t>(environment, array_element(environment, value, 1));
    if (legacy < 0 || legacy > 2) throw ArgumentMismatch{"a reduction"};
    reduction.legacy = kReductions[static_cast<size_t>(legacy)];
    return reduction;
  }
  auto number = read<int64_t>(environment, value);
  auto name = number % kLegacyFactor;
  auto legacy = number / kLegacyFactor;
  if (number < 0 || name >= static_cast<int64_t>(kReductions.size()) || legacy > 3) {
    throw ArgumentMismatch{"a reduction"};
  }
  reduction.text = kReductions[static_cast<size_t>(name)];
  if (legacy > 0) reduction.legacy = kReductions[static_cast<size_t>(legacy - 1)];
  return reduction;
}

template <>
losses::Lengths read(Environment& environment, napi_value value) {
  if (is_array(environment, value)) return Argument<std::vector<int64_t>>::from(environment, value);
  return read<at::Tensor>(environment, value);
}

template <>
losses::Variance read(Environment& environment, napi_value value) {
  if (is_array(environment, value)) {
    return read<double>(environment, array_element(environment, value, 0));
  }
  return read<at::Tensor>(environment, value);
}

template <>
losses::LinearCrossEntropyOptions read(Environment& environment, napi_value value) {
  if (!is_array(environment, value)) throw ArgumentMismatch{"an array"};
  const auto field = [&]<typename T>(uint32_t index, T& result) {
    result = Argument<T>::from(environment, array_element(environment, value, index));
  };
  losses::LinearCrossEntropyOptions options;
  field(0, options.allow_retain_graph);
  field(1, options.batch_chunk_size);
  field(2, options.chunking_method);
  field(3, options.acc_policy);
  field(4, options.acc_dtype);
  return options;
}

template <>
losses::DistanceFunction read(Environment& environment, napi_value value) {
  if (type_of(environment, value) != napi_function) throw ArgumentMismatch{"a function"};
  // Used only within the call that reads it, so the value's handle scope outlives the closure.
  return [&environment, value](const at::Tensor& left, const at::Tensor& right) {
    napi_env env = environment.env();
    napi_value arguments[] = {to_javascript(environment, left), to_javascript(environment, right)};
    napi_value result = nullptr;
    check(env, napi_call_function(env, undefined(environment), value, 2, arguments, &result));
    return read<at::Tensor>(environment, result);
  };
}

napi_value undefined(Environment& environment) {
  napi_value value = nullptr;
  check(environment.env(), napi_get_undefined(environment.env(), &value));
  return value;
}

napi_value boolean(Environment& environment, bool flag) {
  napi_value value = nullptr;
  check(environment.env(), napi_get_boolean(environment.env(), flag, &value));
  return value;
}

napi_value new_array(Environment& environment, size_t length) {
  napi_value array = nullptr;
  check(environment.env(), napi_create_array_with_length(environment.env(), length, &array));
  return array;
}

void set_element(Environment& environment, napi_value array, size_t index, napi_value value) {
  check(environment.env(),
        napi_set_element(environment.env(), array, static_cast<uint32_t>(index), value));
}

napi_value new_object(Environment& environment) {
  napi_value object = nullptr;
  check(environment.env(), napi_create_object(environment.env(), &object));
  return object;
}

void set_property(Environment& environment, napi_value object, const char* name, napi_value value) {
  check(environment.env(), napi_set_named_property(environment.env(), object, name, value));
}

napi_value to_javascript(Environment& environment, at::Tensor tensor) {
  return to_javascript(environment, environment.handles().create(std::move(tensor)));
}

napi_value to_javascript(Environment& environment, const std::string& text) {
  napi_value value = nullptr;
  check(environment.env(),
        napi_create_string_utf8(environment.env(), text.data(), text.size(), &value));
  return value;
}

napi_value to_javascript(Environment& environment, double number) {
  napi_value value = nullptr;
  check(environment.env(), napi_create_double(environment.env(), number, &value));
  return value;
}

napi_value to_javascript(Environment& environment, int64_t number) {
  napi_value value = nullptr;
  if (std::abs(static_cast<double>(number)) <= kMaxSafeInteger) {
    check(environment.env(), napi_create_int64(environment.env(), number, &value));
  } else {
    check(environment.env(), napi_create_bigint_int64(environment.env(), number, &value));
  }
  return value;
}

napi_value to_javascript(Environment& environment, uint64_t number) {
  if (number <= static_cast<uint64_t>(kMaxSafeInteger)) {
    return to_javascript(environment, static_cast<int64_t>(number));
  }
  napi_value value = nullptr;
  check(environment.env(), napi_create_bigint_uint64(environment.env(), number, &value));
  return value;
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
    set_property(environment, object, "re", to_javascript(environment, number.real()));
    set_property(environment, object, "im", to_javascript(environment, number.imag()));
    return object;
  }
  return to_javascript(environment, scalar.toDouble());
}

napi_value to_javascript(Environment& environment,
                         const losses::LinearCrossEntropyOptions& options) {
  napi_value array = new_array(environment, 5);
  const auto set = [&](size_t index, const auto& value) {
    set_element(environment, array, index, to_javascript(environment, value));
  };
  std::optional<int64_t> acc_dtype;
  if (options.acc_dtype) acc_dtype = static_cast<int64_t>(*options.acc_dtype);
  set(0, options.allow_retain_graph);
  set(1, options.batch_chunk_size);
  set(2, options.chunking_method);
  set(3, options.acc_policy);
  set(4, acc_dtype);
  return array;
}

}  // namespace torch_losses
