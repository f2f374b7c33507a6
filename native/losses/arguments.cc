#include "losses/arguments.h"

#include <array>

#include "bindings/environment.h"
#include "bindings/errors.h"

namespace torch_losses {
namespace {

// The names that lib/nn/functional passes as their position here; any other name is passed as text.
constexpr std::array<const char*, 5> kReductions = {"none", "mean", "sum", "batchmean",
                                                    "elementwise_mean"};
// The number of a reduction is the position of its name, plus this factor times the position, from
// 1, of the reduction that `size_average` and `reduce` ask for.
constexpr int kLegacyFactor = 8;

}  // namespace

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
  // The function is called only within the native call that reads it, where `value` is valid.
  return [&environment, value](const at::Tensor& left, const at::Tensor& right) {
    napi_env env = environment.env();
    napi_value arguments[] = {to_javascript(environment, left), to_javascript(environment, right)};
    auto* result = call_node<napi_value>(env, napi_call_function, undefined(environment), value, 2,
                                         static_cast<const napi_value*>(arguments));
    return read<at::Tensor>(environment, result);
  };
}

napi_value to_javascript(Environment& environment,
                         const losses::LinearCrossEntropyOptions& options) {
  napi_value array = new_array(environment, 5);
  const auto set = [&](size_t index, const auto& value) {
    set_element(environment, array, index, to_javascript(environment, value));
  };
  set(0, options.allow_retain_graph);
  set(1, options.batch_chunk_size);
  set(2, options.chunking_method);
  set(3, options.acc_policy);
  set(4, options.acc_dtype);
  return array;
}

}  // namespace torch_losses
