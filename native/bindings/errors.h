// Python's error classes in C++, and the way of every C++ exception into JavaScript.
#pragma once

#include "bindings/node_api.h"

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace torch_losses {

class Environment;

// An error that Python's own layer raises, by the name of its class. For those that c10 has, throw
// c10's.
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

// A JavaScript exception is pending: unwind to the door and let it through.
struct PendingException {};

// Throws where a Node-API call failed: PendingException if JavaScript threw, else a PythonError
// that names the call.
void check(napi_env env, napi_status status);

// Turns the exception being handled into a pending JavaScript one. Call inside `catch (...)`.
void throw_to_javascript(Environment& environment) noexcept;

// Texts in which C++ says `CPUFloatType` say `torch.FloatTensor` in Python.
std::string translate_type_names(std::string message);

}  // namespace torch_losses
