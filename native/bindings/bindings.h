// Binds C++ functions to JavaScript by their signature:
//
//   bindings.add<&losses::mse_loss>("mse_loss");
//   bindings.add("dim", [](const at::Tensor& tensor) { return tensor.dim(); });
//
// A call converts its arguments (arguments.h), runs the function, emits the warnings that it
// raised, and converts its result. A C++ exception becomes a JavaScript one (errors.h). If the
// first parameter is an `Environment&`, it receives the caller's environment and takes no argument.
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
#include "exports.h"

namespace torch_losses {

// The data of a bound function. The environment owns it.
struct Binding {
  Environment& environment;
  const char* name;
};

// Runs the body of a native call: emits its warnings and turns its exception into a pending
// JavaScript one, after the warnings, as Python does. Returns nullptr if it threw.
template <typename Body>
napi_value run_guarded(Environment& environment, Body&& body) noexcept {
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

// The result and parameter types of a function, without a leading `Environment&`, and how to call
// it. A lambda without captures counts as the function that it converts to.
template <typename Function>
struct Signature : Signature<decltype(+std::declval<Function>())> {};

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

// Reads the arguments from left to right: the elements of a braced list are evaluated in order.
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

// Whether a JavaScript function is among the arguments. Such a call creates tensors in JavaScript,
// and must stay on the environment's thread.
template <typename Arguments>
constexpr bool calls_javascript = false;
template <typename... T>
constexpr bool calls_javascript<std::tuple<T...>> = (is_javascript_function<T> || ...);

// The ways to run a bound function. An instance is created from the arguments, and exists during
// the call.

// Runs the function with nothing added.
struct DirectCall {
  static constexpr OutOfMemoryPolicy kPolicy = OutOfMemoryPolicy::Fail;
  template <typename Arguments>
  explicit DirectCall(const Arguments&) {}
};

template <OutOfMemoryPolicy Policy>
struct AllocatingCall : DirectCall {
  static constexpr OutOfMemoryPolicy kPolicy = Policy;
  using DirectCall::DirectCall;
};

// Runs a function that only computes on tensors, with less overhead: below the dispatch layers that
// record a graph if no tensor requires a gradient, which saves a third of the time of a small
// operator; and on the calling thread alone if the tensors are small.
template <bool KeepsThreads>
class TensorCall {
 public:
  static constexpr OutOfMemoryPolicy kPolicy = OutOfMemoryPolicy::FreeAndRetry;
  template <typename... T>
  explicit TensorCall(const std::tuple<T...>& arguments) {
    bool needs_autograd = calls_javascript<std::tuple<T...>>;
    int64_t elements = 0;
    visit_all_tensors(
        [&](const at::Tensor& tensor) {
          needs_autograd = needs_autograd || tensor.requires_grad();
          elements += tensor.numel();
        },
        arguments);
    if (!needs_autograd) below_autograd_.emplace();
    if (!KeepsThreads && !calls_javascript<std::tuple<T...>>) small_work_.emplace(elements);
  }

 private:
  std::optional<at::AutoDispatchBelowADInplaceOrView> below_autograd_;
  std::optional<SmallWork> small_work_;
};

// The Node-API callback of a bound function.
template <auto Function, typename Mode>
napi_value run(napi_env env, napi_callback_info info) {
  using Shape = Signature<decltype(Function)>;
  using Arguments = typename Shape::Arguments;
  constexpr size_t kCount = std::tuple_size_v<Arguments>;
  napi_value values[kCount + 1];
  size_t count = kCount;  // Node-API fills missing arguments with undefined
  void* data = nullptr;
  napi_get_cb_info(env, info, &count, values, nullptr, &data);
  const auto& binding = *static_cast<const Binding*>(data);
  Environment& environment = binding.environment;
  return run_guarded(environment, [&]() -> napi_value {
    auto arguments = read_arguments<Arguments>(binding, values, std::make_index_sequence<kCount>{});
    [[maybe_unused]] Mode mode(arguments);
    auto compute = [&] { return Shape::call(Function, environment, arguments); };
    constexpr OutOfMemoryPolicy kPolicy =
        calls_javascript<Arguments> ? OutOfMemoryPolicy::FreeAndFail : Mode::kPolicy;
    if constexpr (std::is_void_v<typename Shape::Result>) {
      retry_on_out_of_memory(environment, kPolicy, compute);
      return undefined(environment);
    } else {
      return to_javascript(environment, retry_on_out_of_memory(environment, kPolicy, compute));
    }
  });
}

// Submits a job that `fill` completes; returns its promise.
template <typename Fill>
napi_value submit(Environment& environment, int64_t number, Fill&& fill) {
  auto job = std::make_unique<Job>();
  job->number = number;
  fill(*job);
  return environment.async().submit(std::move(job));
}

// The Node-API callback of a bound function's asynchronous form: reads the arguments now, and makes
// a job that computes on the worker thread and converts the result on the environment's thread.
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
  return run_guarded(environment, [&] {
    AsyncQueue::SubmissionScope submission(environment.async());
    auto number = read_argument<int64_t>(binding, values[0], 0);
    auto arguments = std::make_shared<Arguments>(
        read_arguments<Arguments>(binding, values + 1, std::make_index_sequence<kCount>{}));
    return submit(environment, number, [&](Job& job) {
      job.is_repeatable = Mode::kPolicy == OutOfMemoryPolicy::FreeAndRetry;
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

// Adds functions to an exports object, and their asynchronous forms to its `async` object.
class Bindings {
 public:
  Bindings(Environment& environment, napi_value exports);

  template <auto Function>
  void add(const char* name) {
    add(name, &detail::run<Function, detail::DirectCall>);
  }

  // Adds a lambda without captures.
  template <typename Lambda>
    requires std::is_class_v<Lambda>
  void add(const char* name, Lambda) {
    add<Lambda{}>(name);
  }

  // Adds a function that allocates tensors.
  template <auto Function, OutOfMemoryPolicy Policy>
  void add_allocating(const char* name) {
    add(name, &detail::run<Function, detail::AllocatingCall<Policy>>);
  }

  // Adds a function that only computes on tensors: its result is new and depends on its arguments
  // alone. Adds its asynchronous form too, unless it calls JavaScript. `KeepsThreads`: its bits
  // depend on the number of threads, even for small tensors.
  template <auto Function, bool KeepsThreads = false>
  void add_function(const char* name) {
    using Mode = detail::TensorCall<KeepsThreads>;
    add(name, &detail::run<Function, Mode>);
    using Arguments = typename detail::Signature<decltype(Function)>::Arguments;
    if constexpr (!detail::calls_javascript<Arguments>) {
      add_async(name, &detail::run_async<Function, Mode>);
    }
  }

  // Adds the asynchronous form of a function. JavaScript passes the job's number before the
  // arguments. `RunsGraph`: the function runs a backward pass.
  template <auto Function, bool RunsGraph = false>
  void add_async(const char* name) {
    add_async(name, &detail::run_async<Function, detail::DirectCall, RunsGraph>);
  }

  // Adds a callback that reads its own arguments. Its data is a `const Binding*`.
  void add(const char* name, napi_callback callback) { set(exports_, name, callback); }
  void add_async(const char* name, napi_callback callback) { set(async_, name, callback); }

 private:
  void set(napi_value object, const char* name, napi_callback callback);

  Environment& environment_;
  napi_value exports_;
  napi_value async_;
};

}  // namespace torch_losses
