// Source of the classes and messages: torch/csrc/Exceptions.h and Exceptions.cpp (HANDLE_TH_ERRORS,
// processErrorMsg).
#include "bindings/errors.h"

#include <c10/util/Exception.h>

#include <array>
#include <new>
#include <optional>

#include "bindings/arguments.h"
#include "bindings/environment.h"
#include "bindings/functions.h"
#include "bindings/recording.h"

namespace torch_losses {
namespace {

struct Description {
  std::string python_type;
  std::string message;
  // Set if the exception carries a C++ backtrace.
  std::optional<c10::Error> cause;
};

Description describe(std::string_view python_type, const c10::Error& error) {
  return {std::string(python_type), translate_type_names(error.what_without_backtrace()), error};
}

Description describe_current_exception() {
  try {
    throw;
  } catch (const PythonError& error) {
    return {error.python_type(), error.what(), {}};
  } catch (const ArgumentMismatch& mismatch) {
    return {"TypeError", "an argument must be " + mismatch.expected, {}};
  } catch (const c10::IndexError& error) {
    return describe("IndexError", error);
  } catch (const c10::ValueError& error) {
    return describe("ValueError", error);
  } catch (const c10::TypeError& error) {
    return describe("TypeError", error);
  } catch (const c10::NotImplementedError& error) {
    return describe("NotImplementedError", error);
  } catch (const c10::LinAlgError& error) {
    return describe("LinAlgError", error);
  } catch (const c10::OutOfMemoryError& error) {
    return describe("OutOfMemoryError", error);
  } catch (const c10::AcceleratorError& error) {
    return describe("AcceleratorError", error);
  } catch (const c10::DistBackendError& error) {
    return describe("DistBackendError", error);
  } catch (const c10::DistQueueEmptyError& error) {
    return describe("DistQueueEmptyError", error);
  } catch (const c10::DistStoreError& error) {
    return describe("DistStoreError", error);
  } catch (const c10::DistNetworkError& error) {
    return describe("DistNetworkError", error);
  } catch (const c10::DistError& error) {
    return describe("DistError", error);
  } catch (const c10::Error& error) {
    return describe("RuntimeError", error);
  } catch (const std::exception& error) {
    return {"RuntimeError", translate_type_names(error.what()), {}};
  } catch (...) {
    return {"RuntimeError", "unknown C++ exception", {}};
  }
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

void check(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending || status == napi_pending_exception) throw PendingException{};
  const napi_extended_error_info* info = nullptr;
  napi_get_last_error_info(env, &info);
  const char* text = info != nullptr && info->error_message != nullptr ? info->error_message
                                                                       : "unknown Node-API error";
  throw PythonError("RuntimeError", std::string("Node-API: ") + text);
}

void throw_to_javascript(Environment& environment) noexcept {
  try {
    throw;
  } catch (const PendingException&) {
    return;
  } catch (const JavaScriptError& error) {
    error.rethrow(environment.env());
    return;
  } catch (const NotComputed&) {
    napi_throw_error(environment.env(), "ERR_TORCH_NOT_COMPUTED", "the tensor is not computed yet");
    return;
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();
    return;
  } catch (...) {
    try {
      Description described = describe_current_exception();
      environment.throw_error(described.python_type, described.message, std::move(described.cause));
    } catch (...) {
      // The error object could not be created: JavaScript may no longer run, or memory ran out.
      bool pending = false;
      napi_is_exception_pending(environment.env(), &pending);
      if (!pending) napi_throw_error(environment.env(), "ERR_TORCH_RUNTIME", "out of memory");
    }
  }
}

std::string translate_type_names(std::string message) {
  if (message.find("Type") == std::string::npos) return message;
  constexpr std::array<std::string_view, 8> kElements = {"Byte", "Char", "Double", "Float",
                                                         "Int",  "Long", "Short",  "Half"};
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kBackends = {
      {{"SparseCUDA", "cuda.sparse."}, {"CUDA", "cuda."}, {"SparseCPU", "sparse."}, {"CPU", ""}}};
  for (bool variable : {true, false}) {
    for (auto [backend, module] : kBackends) {
      for (auto element : kElements) {
        std::string from = std::string(backend) + std::string(element) + "Type";
        if (variable) from = "Variable[" + from + "]";
        replace_all(message, from,
                    "torch." + std::string(module) + std::string(element) + "Tensor");
      }
    }
  }
  return message;
}

}  // namespace torch_losses
