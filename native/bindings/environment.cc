#include "bindings/environment.h"

#include <memory>
#include <utility>

#include "bindings/bindings.h"
#include "bindings/errors.h"
#include "operators/operators.h"

namespace torch_losses {
namespace {

// The number of causes kept for `backtrace`.
constexpr size_t kMaxCauses = 64;

}  // namespace

Environment::Environment(napi_env env)
    : env_(env),
      handles_(env),
      operators_(std::make_unique<OperatorTable>()),
      async_(*this),
      tasks_(*this),
      references_(std::make_shared<ReferenceQueue>()) {
  check(env, napi_add_env_cleanup_hook(env, &Environment::tear_down, this));
}

Environment::~Environment() {
  if (!torn_down_) napi_remove_env_cleanup_hook(env_, &Environment::tear_down, this);
}

// The cleanup hook: releases what needs Node-API, while it may still be called.
void Environment::tear_down(void* data) {
  auto& environment = *static_cast<Environment*>(data);
  environment.torn_down_ = true;
  environment.out_of_memory_.reset();
  environment.tasks_.shut_down();
  environment.async_.shut_down();
  environment.handles_.clear();
  environment.references_->close(environment.env_);
  for (napi_ref* reference :
       {&environment.create_error_, &environment.emit_warning_, &environment.relieve_pressure_}) {
    if (*reference != nullptr) napi_delete_reference(environment.env_, *reference);
    *reference = nullptr;
  }
}

std::shared_ptr<Recording> Environment::end_recording() {
  std::shared_ptr<Recording> last = std::move(recordings_.back());
  recordings_.pop_back();
  return last;
}

void Environment::set_hooks(napi_value create_error, napi_value emit_warning,
                            napi_value relieve_pressure) {
  check(env_, napi_create_reference(env_, create_error, 1, &create_error_));
  check(env_, napi_create_reference(env_, emit_warning, 1, &emit_warning_));
  check(env_, napi_create_reference(env_, relieve_pressure, 1, &relieve_pressure_));
  handles_.set_relief([this](Pressure pressure) { relieve(pressure); });
  out_of_memory_.emplace([this] { free_memory(); });
}

void Environment::relieve(Pressure pressure) {
  references_->drain(env_);
  call(relieve_pressure_, {integer(static_cast<int64_t>(pressure))});
}

// Frees memory from within an allocation. An exception in JavaScript is dropped: the operator that
// allocates did not cause it.
void Environment::free_memory() noexcept {
  bool is_pending = false;
  napi_is_exception_pending(env_, &is_pending);
  if (is_pending) return;
  try {
    Napi::HandleScope scope(env_);
    handles_.relieve(Pressure::OutOfMemory);
  } catch (...) {
    napi_value failure = nullptr;
    napi_get_and_clear_last_exception(env_, &failure);
  }
}

napi_value Environment::string(std::string_view text) const {
  return call_node<napi_value>(env_, napi_create_string_utf8, text.data(), text.size());
}

napi_value Environment::integer(int64_t value) const {
  return call_node<napi_value>(env_, napi_create_int64, value);
}

napi_value Environment::call(napi_ref reference, std::initializer_list<napi_value> arguments) {
  auto function = call_node<napi_value>(env_, napi_get_reference_value, reference);
  auto receiver = call_node<napi_value>(env_, napi_get_undefined);
  return call_node<napi_value>(env_, napi_call_function, receiver, function, arguments.size(),
                               arguments.begin());
}

void Environment::throw_error(const std::string& python_type, const std::string& message,
                              std::optional<c10::Error> cause) {
  if (create_error_ == nullptr) {
    napi_throw_error(env_, nullptr, message.c_str());
    return;
  }
  napi_value number = integer(cause ? ++cause_count_ : 0);
  if (cause) causes_.push_back(std::move(*cause));
  if (causes_.size() > kMaxCauses) causes_.pop_front();
  napi_value error = call(create_error_, {string(python_type), string(message), number});
  check(env_, napi_throw(env_, error));
}

std::string Environment::backtrace(int64_t number) const {
  int64_t first = cause_count_ - static_cast<int64_t>(causes_.size()) + 1;
  return number >= first && number <= cause_count_ ? causes_[number - first].what() : "";
}

void Environment::emit_warnings(const std::vector<Warning>& warnings) {
  for (const Warning& warning : warnings) {
    call(emit_warning_, {integer(static_cast<int64_t>(warning.category)),
                         integer(static_cast<int64_t>(warning.origin)), string(warning.text)});
  }
}

void Environment::emit_warnings_before_error(const std::vector<Warning>& warnings) noexcept {
  if (warnings.empty()) return;
  napi_value pending = nullptr;
  bool is_pending = false;
  napi_is_exception_pending(env_, &is_pending);
  if (is_pending) napi_get_and_clear_last_exception(env_, &pending);
  try {
    emit_warnings(warnings);
  } catch (...) {
    // The error being handled matters more than a warning that failed.
    napi_value failure = nullptr;
    napi_get_and_clear_last_exception(env_, &failure);
  }
  if (is_pending) napi_throw(env_, pending);
}

Binding& Environment::add_binding(Binding binding) {
  return *bindings_.emplace_back(std::make_unique<Binding>(binding));
}

}  // namespace torch_losses
