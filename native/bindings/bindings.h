// Binds C++ functions to JavaScript by their signature, so that a file of bindings is a list:
//
//   bindings.add<&losses::mse_loss>("mse_loss");
//
// A call reads its arguments, runs the function with this thread's warnings collected, shows them,
// and returns; any C++ exception becomes a JavaScript one. A first parameter `Environment&` is
// passed on, not read.
#pragma once

#include "bindings/node_api.h"

#include <ATen/core/LegacyTypeDispatch.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "bindings/arguments.h"
#include "bindings/environment.h"
#include "bindings/errors.h"
#include "bindings/jobs.h"
#include "bindings/memory_retry.h"
#include "bindings/small_work.h"
#include "bindings/warnings.h"

namespace torch_losses {

// What one bound function needs at call time; lives as long as its environment.
struct Binding {
  Environment& environment;
  const char* name;
};

// Runs `body` behind the door: its exceptions and warnings go to JavaScript, warnings first, as in
// Python.
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

// Calls `visit` with each tensor among arguments.
template <typename Visit, typename T>
void visit_tensors(Visit&, const T&) {}
template <typename Visit>
void visit_tensors(Visit& visit, const at::Tensor& tensor) {
  visit(tensor);
}
template <typename Visit, typename T>
void visit_tensors(Visit& visit, const std::optional<T>& value) {
  if (value) visit_tensors(visit, *value);
}
template <typename Visit, typename T>
void visit_tensors(Visit& visit, const std::vector<T>& values) {
  for (const T& value : values) visit_tensors(visit, value);
}
template <typename Visit, typename... T>
void visit_tensors(Visit& visit, const std::variant<T...>& value) {
  std::visit([&](const auto& held) { visit_tensors(visit, held); }, value);
}
template <typename Visit, typename... T>
void visit_all_tensors(Visit visit, const std::tuple<T...>& arguments) {
  std::apply([&](const auto&... argument) { (visit_tensors(visit, argument), ...); }, arguments);
}

// Whether a function of JavaScript is among the arguments: it makes tensors of its own, on its own
// thread.
template <typename Arguments>
constexpr bool calls_back = false;
template <typename... T>
constexpr bool calls_back<std::tuple<T...>> = (std::is_same_v<T, losses::DistanceFunction> || ...);

// How a function runs: as it is; or, one of tensors alone, with what its tensors do not need left
// out. If none records a gradient, it runs below the layers that would record one, which cost a
// small operator a third of its time; if all are small, on this thread alone.
struct Plain {
  static constexpr WhenExhausted kWhenExhausted = WhenExhausted::Fail;
  template <typename Arguments>
  explicit Plain(const Arguments&) {}
};
template <WhenExhausted Policy>
struct Allocating : Plain {
  static constexpr WhenExhausted kWhenExhausted = Policy;
  using Plain::Plain;
};
template <bool KeepsThreads>
class OfTensors {
 public:
  static constexpr WhenExhausted kWhenExhausted = WhenExhausted::Repeat;
  template <typename... T>
  explicit OfTensors(const std::tuple<T...>& arguments) {
    bool records = calls_back<std::tuple<T...>>;
    int64_t elements = 0;
    visit_all_tensors(
        [&](const at::Tensor& tensor) {
          records = records || tensor.requires_grad();
          elements += tensor.numel();
        },
        arguments);
    if (!records) below_autograd_.emplace();
    if (!KeepsThreads && !calls_back<std::tuple<T...>>) small_work_.emplace(elements);
  }

 private:
  std::optional<at::AutoDispatchBelowADInplaceOrView> below_autograd_;
  std::optional<SmallWork> small_work_;
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
    auto arguments = read_arguments<Arguments>(binding, values, std::make_index_sequence<kCount>{});
    [[maybe_unused]] Mode mode(arguments);
    auto compute = [&] { return Shape::call(Function, environment, arguments); };
    constexpr WhenExhausted kPolicy =
        calls_back<Arguments> ? WhenExhausted::Free : Mode::kWhenExhausted;
    if constexpr (std::is_void_v<typename Shape::Result>) {
      trying_again(environment, kPolicy, compute);
      return undefined(environment);
    } else {
      return to_javascript(environment, trying_again(environment, kPolicy, compute));
    }
  });
}

template <typename Job>
napi_value submit(Environment& environment, int64_t number, Job&& fill) {
  auto job = std::make_unique<torch_losses::Job>();
  job->number = number;
  fill(*job);
  return environment.async().submit(std::move(job));
}

// The same function on the worker's thread: what `run` reads, computes and returns, in a job's
// three parts.
template <auto Function, typename Mode, bool RunsGraph = false>
napi_value run_async(napi_env env, napi_callback_info info) {
  using Shape = Signature<decltype(Function)>;
  using Arguments = typename Shape::Arguments;
  using Result = typename Shape::Result;
  constexpr size_t kCount = std::tuple_size_v<Arguments>;
  napi_value values[kCount + 1];
  size_t count = kCount + 1;
  void* data = nullptr;
  napi_get_cb_info(env, info, &count, values, nullptr, &data);
  const auto& binding = *static_cast<const Binding*>(data);
  Environment& environment = binding.environment;
  return behind_the_door(environment, [&] {
    AsyncQueue::Submission submission(environment.async());
    auto number = read_argument<int64_t>(binding, values[0], 0);
    auto arguments = std::make_shared<Arguments>(
        read_arguments<Arguments>(binding, values + 1, std::make_index_sequence<kCount>{}));
    return submit(environment, number, [&](Job& job) {
      job.is_repeatable = Mode::kWhenExhausted == WhenExhausted::Repeat;
      visit_all_tensors([&](const at::Tensor& tensor) { job.tensors.push_back(tensor); },
                        *arguments);
      if constexpr (std::is_void_v<Result>) {
        job.run = [arguments, &environment] {
          Mode mode(*arguments);
          Shape::call(Function, environment, *arguments);
        };
        job.result = [&environment] { return undefined(environment); };
      } else {
        auto result = std::make_shared<std::optional<Result>>();
        job.run = [arguments, result, &environment] {
          Mode mode(*arguments);
          result->emplace(Shape::call(Function, environment, *arguments));
        };
        job.result = [result, &environment] {
          return to_javascript(environment, std::move(**result));
        };
      }
      job.runs_graph = RunsGraph;
    });
  });
}

}  // namespace detail

// The functions of one exports object, and of its `async` object.
class Bindings {
 public:
  Bindings(Environment& environment, napi_value exports);

  template <auto Function>
  void add(const char* name) {
    add(name, &detail::run<Function, detail::Plain>);
  }

  // One that makes tensors: see WhenExhausted.
  template <auto Function, WhenExhausted Policy>
  void add_allocating(const char* name) {
    add(name, &detail::run<Function, detail::Allocating<Policy>>);
  }

  // A function of tensors alone: its result is new, and depends on nothing but its arguments.
  // Asynchronous too, unless it calls JavaScript back. `KeepsThreads`: its bits depend on the
  // number of threads, however small the work.
  template <auto Function, bool KeepsThreads = false>
  void add_function(const char* name) {
    using Mode = detail::OfTensors<KeepsThreads>;
    add(name, &detail::run<Function, Mode>);
    if constexpr (!detail::calls_back<typename detail::Signature<decltype(Function)>::Arguments>) {
      add_async(name, &detail::run_async<Function, Mode>);
    }
  }

  // The asynchronous form of a function, in `async`: a job's number comes before its arguments.
  // `RunsGraph`: it is a backward pass.
  template <auto Function, bool RunsGraph = false>
  void add_async(const char* name) {
    add_async(name, &detail::run_async<Function, detail::Plain, RunsGraph>);
  }

  // A callback that reads its own arguments; its data is a `const Binding*`.
  void add(const char* name, napi_callback callback) { set(exports_, name, callback); }
  void add_async(const char* name, napi_callback callback) { set(async_, name, callback); }

 private:
  void set(napi_value object, const char* name, napi_callback callback);

  Environment& environment_;
  napi_value exports_;
  napi_value async_;
};

}  // namespace torch_losses
