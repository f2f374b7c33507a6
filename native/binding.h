// Binds C++ functions to JavaScript by their signature, so that a file of bindings is a list:
//
//   bindings.add<&losses::mse_loss>("mse_loss");
//
// A call reads its arguments, runs the function with this thread's warnings collected, shows them, and returns; any C++
// exception becomes a JavaScript one. A first parameter `Environment&` is passed on, not read.
#pragma once

#include "javascript.h"

#include <ATen/core/LegacyTypeDispatch.h>

#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "arguments.h"
#include "environment.h"
#include "errors.h"
#include "warnings.h"

namespace torch_losses {

// What one bound function needs at call time; lives as long as its environment.
struct Binding {
  Environment& environment;
  const char* name;
};

// Runs `body` behind the door: its exceptions and warnings go to JavaScript, warnings first, as in Python.
template <typename Body>
napi_value behind_the_door(Environment& environment, Body&& body) noexcept {
  WarningScope warnings;
  try {
    napi_value result = std::forward<Body>(body)();
    if (!warnings.empty()) environment.emit_warnings(warnings.take());
    return result;
  } catch (...) {
    environment.emit_warnings_before_error(warnings.take());
    throw_to_javascript(environment);
    return nullptr;
  }
}

namespace detail {

// A function's parameters without a leading `Environment&`, and how to call it with them.
template <typename Function>
struct Signature;

template <typename R, typename... Parameters>
struct Signature<R (*)(Parameters...)> {
  using Result = R;
  using Arguments = std::tuple<std::decay_t<Parameters>...>;
  static R call(R (*function)(Parameters...), Environment&, Arguments& arguments) {
    return std::apply(function, arguments);
  }
};

template <typename R, typename... Parameters>
struct Signature<R (*)(Environment&, Parameters...)> {
  using Result = R;
  using Arguments = std::tuple<std::decay_t<Parameters>...>;
  static R call(R (*function)(Environment&, Parameters...), Environment& environment,
                Arguments& arguments) {
    return std::apply(std::bind_front(function, std::ref(environment)), arguments);
  }
};

template <typename T>
T read_argument(const Binding& binding, napi_value value, size_t index) {
  try {
    return Argument<T>::from(binding.environment, value);
  } catch (const ArgumentMismatch& mismatch) {
    throw_type_error(std::string(binding.name) + "(): argument " + std::to_string(index + 1) +
                     " must be " + mismatch.expected);
  }
}

// In order, as braces guarantee.
template <typename Arguments, size_t... Index>
Arguments read_arguments(const Binding& binding, napi_value* values,
                         std::index_sequence<Index...>) {
  return Arguments{
      read_argument<std::tuple_element_t<Index, Arguments>>(binding, values[Index], Index)...};
}

template <typename T>
bool records_gradient(const T&) {
  return false;
}
inline bool records_gradient(const at::Tensor& tensor) { return tensor.requires_grad(); }
template <typename T>
bool records_gradient(const std::optional<T>& value) {
  return value && records_gradient(*value);
}
template <typename... T>
bool records_gradient(const std::variant<T...>& value) {
  return std::visit([](const auto& held) { return records_gradient(held); }, value);
}

// How a function runs: as it is, or, if its tensors record no gradient, below the layers that would record one. They
// cost a small operator a third of its time, and change nothing but that.
struct Plain {
  template <typename Arguments>
  explicit Plain(const Arguments&) {}
};
class BelowAutograd {
 public:
  template <typename... T>
  explicit BelowAutograd(const std::tuple<T...>& arguments) {
    // A function of JavaScript may make tensors of its own that do record.
    constexpr bool kCallsBack = (std::is_same_v<T, losses::DistanceFunction> || ...);
    bool records = std::apply(
        [](const auto&... argument) { return (records_gradient(argument) || ...); }, arguments);
    if (!kCallsBack && !records) guard_.emplace();
  }

 private:
  std::optional<at::AutoDispatchBelowADInplaceOrView> guard_;
};

template <auto Function, typename Mode>
napi_value run(napi_env env, napi_callback_info info) {
  using Shape = Signature<decltype(Function)>;
  using Arguments = typename Shape::Arguments;
  constexpr size_t kCount = std::tuple_size_v<Arguments>;
  napi_value values[kCount + 1];
  size_t count = kCount;  // missing ones are filled with undefined
  void* data = nullptr;
  napi_get_cb_info(env, info, &count, values, nullptr, &data);
  const auto& binding = *static_cast<const Binding*>(data);
  Environment& environment = binding.environment;
  return behind_the_door(environment, [&]() -> napi_value {
    auto arguments =
        read_arguments<Arguments>(binding, values, std::make_index_sequence<kCount>{});
    [[maybe_unused]] Mode mode(arguments);
    if constexpr (std::is_void_v<typename Shape::Result>) {
      Shape::call(Function, environment, arguments);
      return undefined(environment);
    } else {
      return to_javascript(environment, Shape::call(Function, environment, arguments));
    }
  });
}

}  // namespace detail

// The functions of one exports object.
class Bindings {
 public:
  Bindings(Environment& environment, napi_value exports)
      : environment_(environment), exports_(exports) {}

  template <auto Function>
  void add(const char* name) {
    add(name, &detail::run<Function, detail::Plain>);
  }

  // A function of tensors alone: its result is new, and depends on nothing but its arguments.
  template <auto Function>
  void add_function(const char* name) {
    add(name, &detail::run<Function, detail::BelowAutograd>);
  }

  // A callback that reads its own arguments; its data is a `const Binding*`.
  void add(const char* name, napi_callback callback);

 private:
  Environment& environment_;
  napi_value exports_;
};

}  // namespace torch_losses
