// What one JavaScript environment (the main thread or a worker) owns. Nothing here is static, so
// that any number of workers and copies of the package work side by side; they are torn down with
// their environment.
#pragma once

#include "bindings/node_api.h"

#include <c10/util/Exception.h>

#include <deque>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/handles.h"
#include "bindings/jobs.h"
#include "bindings/references.h"
#include "bindings/warnings.h"
#include "memory/allocator.h"
#include "operators/operators.h"

namespace torch_losses {

struct Binding;

class Environment {
 public:
  explicit Environment(napi_env env);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  napi_env env() const noexcept { return env_; }
  HandleTable& handles() noexcept { return handles_; }
  OperatorTable& operators() noexcept { return operators_; }
  AsyncQueue& async() noexcept { return async_; }
  ReferenceQueue& references() noexcept { return *references_; }
  std::shared_ptr<ReferenceQueue> shared_references() const { return references_; }

  // The JavaScript that makes errors, shows warnings and relieves memory pressure:
  // lib/bindings/errors.ts, lib/bindings/warnings.ts and lib/memory/pressure.ts.
  void set_hooks(napi_value create_error, napi_value emit_warning, napi_value relieve_pressure);

  // Leaves a JavaScript error pending, made by the registered factory, with a number for its cause.
  void throw_error(const std::string& python_type, const std::string& message,
                   std::optional<c10::Error> cause);

  // The message and C++ backtrace of an error's cause; empty where it is long past. Finding the
  // names of a backtrace's frames takes milliseconds, so that is done for those who ask.
  std::string backtrace(int64_t number) const;

  void emit_warnings(const std::vector<Warning>& warnings);

  // The same while an error is on its way: it keeps its place, and nothing is thrown over it.
  void emit_warnings_before_error(const std::vector<Warning>& warnings) noexcept;

  // Gives a bound function's data the life of the environment, at one address.
  Binding& keep(Binding binding);

 private:
  static void tear_down(void* environment);
  napi_value call(napi_ref function, std::initializer_list<napi_value> arguments);
  napi_value string(std::string_view text) const;
  void relieve(Pressure pressure);
  void free_memory() noexcept;

  napi_env env_;
  bool torn_down_ = false;
  HandleTable handles_;
  OperatorTable operators_;
  // After what its jobs use.
  AsyncQueue async_;
  // Shared with the storages that keep JavaScript memory, which may outlive this environment.
  std::shared_ptr<ReferenceQueue> references_;
  std::deque<std::unique_ptr<Binding>> bindings_;
  // The latest causes, and how many there have been.
  std::deque<c10::Error> causes_;
  int64_t caused_ = 0;
  napi_ref create_error_ = nullptr;
  napi_ref emit_warning_ = nullptr;
  napi_ref relieve_pressure_ = nullptr;
  std::optional<OutOfMemoryHandler> out_of_memory_;
};

}  // namespace torch_losses
