// JavaScript functions that C++ keeps and calls later, on any thread: the hooks and custom
// functions of autograd.
//
// A JavaScript function runs on its environment's thread. Another thread that calls one waits until
// that thread has run it: the environment's thread serves such requests while it waits for a job,
// and from the event loop otherwise (jobs.h).
#pragma once

#include "bindings/node_api.h"

#include <c10/util/FunctionRef.h>

#include <memory>
#include <stdexcept>

#include "bindings/references.h"

namespace torch_losses {

class Environment;

// A JavaScript exception that passes through libtorch, which lets only `std::exception` through.
// When it arrives in JavaScript, the same value is thrown again.
class JavaScriptError : public std::runtime_error {
 public:
  // Takes over the exception that is pending in the environment.
  explicit JavaScriptError(Environment& environment);
  // Throws the value in JavaScript, on the environment's thread.
  void rethrow(napi_env env) const;

 private:
  JavaScriptError(Environment& environment, napi_value thrown);

  // Refers to an object that holds the value.
  std::shared_ptr<napi_ref__> box_;
};

class JavaScriptFunction {
 public:
  // Keeps a function, or an object that has the functions to call.
  JavaScriptFunction(Environment& environment, napi_value value);
  ~JavaScriptFunction();
  JavaScriptFunction(const JavaScriptFunction&) = delete;
  JavaScriptFunction& operator=(const JavaScriptFunction&) = delete;

  // Runs `body` on the environment's thread, with this thread's grad mode and autocast state.
  // `body` gets the value kept, or nullptr if it was let go and collected. Throws what `body`
  // throws, and JavaScriptError for an exception of JavaScript.
  void call(c10::function_ref<void(Environment& environment, napi_value value)> body) const;

  // Keeps the value no longer: it lives as long as JavaScript refers to it. May be called on the
  // environment's thread only.
  void let_go() const;

  // The number of instances in the process.
  static int64_t live();

 private:
  Environment& environment_;
  std::shared_ptr<ReferenceQueue> queue_;
  napi_ref reference_ = nullptr;
  mutable bool is_weak_ = false;
};

}  // namespace torch_losses
