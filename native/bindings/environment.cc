#include "bindings/environment.h"

#include <memory>
#include <utility>

#include "bindings/bindings.h"
#include "bindings/errors.h"

namespace torch_losses {
namespace {

constexpr size_t kCausesKept = 64;

}  // namespace

Environment::Environment(napi_env env)
    : env_(env), handles_(env), async_(*this), references_(std::make_shared<ReferenceQueue>()) {
  check(env, napi_add_env_cleanup_hook(env, &Environment::tear_down, this));
}

Environment::~Environment() {
  if (!torn_down_) napi_remove_env_cleanup_hook(env_, &Environment::tear_down, this);
}

void Environment::tear_down(void* data) {
  auto& environment = *static_cast<Environment*>(data);
  environment.torn_down_ = true;
  environment.out_of_memory_.reset();
  environment.async_.shut_down();
  environment.handles_.clear();
  environment.references_->close(environment.env_);
  for (napi_ref* reference :
       {&environment.create_error_, &environment.emit_warning_, &environment.relieve_pressure_}) {
    if (*reference != nullptr) napi_delete_reference(environment.env_, *reference);
    *reference = nullptr;
  }
}

void Environment::set_hooks(napi_value create_error, napi_value emit_warning,
                            napi_value relieve_pressure) {
  check(env_, napi_create_reference(env_, create_error, 1, &create_error_));
  check(env_, napi_create_reference(env_, emit_warning, 1, &emit_warning_));
  check(env_, napi_create_reference(env_, relieve_pressure, 1, &relieve_pressure_));
  handles_.on_pressure([this](Pressure pressure) { relieve(pressure); });
  out_of_memory_.emplace([this] { free_memory(); });
}

void Environment::relieve(Pressure pressure) {
  napi_value reason = nullptr;
  references_->drain(env_);
  check(env_, napi_create_int32(env_, static_cast<int32_t>(pressure), &reason));
  call(relieve_pressure_, {reason});
}

// Within an operator: what JavaScript could not do is not that operator's error.
void Environment::free_memory() noexcept {
  bool is_pending = false;
  napi_is_exception_pending(env_, &is_pending);
  if (is_pending) return;
  try {
    Napi::HandleScope scope(env_);
    handles_.relieve(Pressure::Exhausted);
  } catch (...) {
    napi_value failure = nullptr;
    napi_get_and_clear_last_exception(env_, &failure);
  }
}

napi_value Environment::string(std::string_view text) const {
  napi_value value = nullptr;
  check(env_, napi_create_string_utf8(env_, text.data(), text.size(), &value));
  return value;
}

napi_value Environment::call(napi_ref reference, std::initializer_list<napi_value> arguments) {
  napi_value function = nullptr;
  napi_value receiver = nullptr;
  napi_value result = nullptr;
  check(env_, napi_get_reference_value(env_, reference, &function));
  check(env_, napi_get_undefined(env_, &receiver));
  check(env_,
        napi_call_function(env_, receiver, function, arguments.size(), arguments.begin(), &result));
  return result;
}

void Environment::throw_error(const std::string& python_type, const std::string& message,
                              std::optional<c10::Error> cause) {
  if (create_error_ == nullptr) {
    napi_throw_error(env_, nullptr, message.c_str());
    return;
  }
  napi_value number = nullptr;
  check(env_, napi_create_int64(env_, cause ? ++caused_ : 0, &number));
  if (cause) causes_.push_back(std::move(*cause));
  if (causes_.size() > kCausesKept) causes_.pop_front();
  napi_value error = call(create_error_, {string(python_type), string(message), number});
  check(env_, napi_throw(env_, error));
}

std::string Environment::backtrace(int64_t number) const {
  int64_t first = caused_ - static_cast<int64_t>(causes_.size()) + 1;
  return number >= first && number <= caused_ ? causes_[number - first].what() : "";
}

void Environment::emit_warnings(const std::vector<Warning>& warnings) {
  for (const Warning& warning : warnings) {
    napi_value category = nullptr;
    napi_value origin = nullptr;
    check(env_, napi_create_int32(env_, static_cast<int32_t>(warning.category), &category));
    check(env_, napi_create_int32(env_, static_cast<int32_t>(warning.origin), &origin));
    call(emit_warning_, {category, origin, string(warning.text)});
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
    // The error on its way says more than a warning that could not be shown.
    napi_value failure = nullptr;
    napi_get_and_clear_last_exception(env_, &failure);
  }
  if (is_pending) napi_throw(env_, pending);
}

Binding& Environment::keep(Binding binding) {
  return *bindings_.emplace_back(std::make_unique<Binding>(binding));
}

}  // namespace torch_losses
