// What one JavaScript environment, the main thread's or a worker's, owns. It is the addon's
// instance data: no state is static, so that workers and several copies of the package do not share
// it. It is used on the environment's thread, except where a comment says otherwise.
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
#include "bindings/recording.h"
#include "bindings/references.h"
#include "bindings/tasks.h"
#include "bindings/warnings.h"
#include "memory/allocator.h"

namespace torch_losses {

struct Binding;
class OperatorTable;

class Environment {
 public:
  explicit Environment(napi_env env);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  napi_env env() const noexcept { return env_; }
  HandleTable& handles() noexcept { return handles_; }
  OperatorTable& operators() noexcept { return *operators_; }
  AsyncQueue& async() noexcept { return async_; }
  Tasks& tasks() noexcept { return tasks_; }
  ReferenceQueue& references() noexcept { return *references_; }
  std::shared_ptr<ReferenceQueue> shared_references() const { return references_; }

  // The recording that calls are added to, or nullptr. A recording may start within another.
  Recording* recording() const noexcept {
    return recordings_.empty() ? nullptr : recordings_.back().get();
  }
  void start_recording(bool runs_small_calls) {
    recordings_.push_back(std::make_shared<Recording>(runs_small_calls));
  }
  // Has nothing recorded until `end_recording`.
  void pause_recording() { recordings_.push_back(nullptr); }
  // Ends the recording that started last, and returns it.
  std::shared_ptr<Recording> end_recording();

  // Registers the JavaScript functions that create errors, emit warnings and relieve memory
  // pressure (lib/bindings/errors.ts, lib/bindings/warnings.ts, lib/memory/pressure.ts).
  void set_hooks(napi_value create_error, napi_value emit_warning, napi_value relieve_pressure);

  // Throws an error into JavaScript, where it stays pending. `cause` is kept for `backtrace`; the
  // JavaScript error gets its number.
  void throw_error(const std::string& python_type, const std::string& message,
                   std::optional<c10::Error> cause);

  // Returns the message and C++ backtrace of a cause by its number; empty if it is no longer kept.
  // Resolving the symbols of a backtrace takes milliseconds, so it happens only on demand.
  std::string backtrace(int64_t number) const;

  // Emits warnings in JavaScript.
  void emit_warnings(const std::vector<Warning>& warnings);

  // Emits warnings while an error is being handled. A pending JavaScript exception stays pending;
  // an exception thrown by the warnings themselves is dropped.
  void emit_warnings_before_error(const std::vector<Warning>& warnings) noexcept;

  // Keeps a bound function's data as long as the environment, at a stable address.
  Binding& add_binding(Binding binding);

 private:
  static void tear_down(void* environment);
  napi_value call(napi_ref function, std::initializer_list<napi_value> arguments);
  napi_value string(std::string_view text) const;
  napi_value integer(int64_t value) const;
  void relieve(Pressure pressure);
  void free_memory() noexcept;

  napi_env env_;
  bool torn_down_ = false;
  HandleTable handles_;
  std::unique_ptr<OperatorTable> operators_;
  // Declared after what its jobs use, and so destroyed before it.
  AsyncQueue async_;
  Tasks tasks_;
  // Shared with storages over JavaScript memory, which may outlive the environment.
  std::shared_ptr<ReferenceQueue> references_;
  std::vector<std::shared_ptr<Recording>> recordings_;
  std::deque<std::unique_ptr<Binding>> bindings_;
  // The latest causes of errors, and the number of all causes so far.
  std::deque<c10::Error> causes_;
  int64_t cause_count_ = 0;
  napi_ref create_error_ = nullptr;
  napi_ref emit_warning_ = nullptr;
  napi_ref relieve_pressure_ = nullptr;
  std::optional<OutOfMemoryHandler> out_of_memory_;
};

}  // namespace torch_losses
