// Errors with the names of Python's classes, and how C++ exceptions become JavaScript ones.
#pragma once

#include "bindings/node_api.h"

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace torch_losses {

class Environment;

// An error that PyTorch's Python code raises, with the name of its class. Where c10 has an
// exception class for it, throw that instead.
class PythonError : public std::runtime_error {
 public:
  PythonError(std::string_view python_type, const std::string& message)
      : std::runtime_error(message), python_type_(python_type) {}
  const std::string& python_type() const { return python_type_; }

 private:
  std::string python_type_;
};

[[noreturn]] inline void throw_type_error(const std::string& message) {
  throw PythonError("TypeError", message);
}

// Thrown to unwind the stack when a JavaScript exception is already pending.
struct PendingException {};

// Throws if a Node-API call failed: PendingException if JavaScript threw, else a PythonError with
// Node-API's message.
void check(napi_env env, napi_status status);

// Calls a Node-API function whose last parameter is a pointer to its result. Returns the result, or
// throws as `check` does: call_node<napi_value>(env, napi_create_double, 0.5).
template <typename Result, typename Function, typename... Arguments>
Result call_node(napi_env env, Function function, Arguments... arguments) {
  Result result{};
  check(env, function(env, arguments..., &result));
  return result;
}

// Turns the exception being handled into a pending JavaScript one. Must be called in a catch block.
void throw_to_javascript(Environment& environment) noexcept;

// Replaces C++ names of tensor types, such as `CPUFloatType`, with Python's, `torch.FloatTensor`.
std::string translate_type_names(std::string message);

}  // namespace torch_losses
