#include "bindings/functions.h"

#include <ATen/ThreadLocalState.h>

#include <atomic>
#include <exception>

#include "bindings/arguments.h"
#include "bindings/environment.h"
#include "bindings/errors.h"

namespace torch_losses {
namespace {

std::atomic<int64_t> live_functions{0};

// Returns the message of a thrown value, for libtorch's own use.
std::string message_of(Environment& environment, napi_value thrown) {
  napi_env env = environment.env();
  napi_value text = nullptr;
  const bool has_text = napi_coerce_to_string(env, thrown, &text) == napi_ok;
  napi_value failure = nullptr;
  if (!has_text) napi_get_and_clear_last_exception(env, &failure);
  return has_text ? read<std::string>(environment, text) : "a JavaScript exception";
}

napi_value take_pending(Environment& environment) {
  napi_value thrown = nullptr;
  napi_get_and_clear_last_exception(environment.env(), &thrown);
  return thrown == nullptr ? undefined(environment) : thrown;
}

}  // namespace

JavaScriptError::JavaScriptError(Environment& environment)
    : JavaScriptError(environment, take_pending(environment)) {}

JavaScriptError::JavaScriptError(Environment& environment, napi_value thrown)
    : std::runtime_error(message_of(environment, thrown)) {
  // A property of an object, because a reference needs one and any value can be thrown.
  napi_value box = new_object(environment);
  set_property(environment, box, "thrown", thrown);
  napi_ref reference = nullptr;
  check(environment.env(), napi_create_reference(environment.env(), box, 1, &reference));
  box_ = {reference,
          [queue = environment.shared_references()](napi_ref kept) { queue->release(kept); }};
}

void JavaScriptError::rethrow(napi_env env) const {
  auto box = call_node<napi_value>(env, napi_get_reference_value, box_.get());
  check(env, napi_throw(env, call_node<napi_value>(env, napi_get_named_property, box, "thrown")));
}

JavaScriptFunction::JavaScriptFunction(Environment& environment, napi_value value)
    : environment_(environment), queue_(environment.shared_references()) {
  environment.async().open();
  check(environment.env(), napi_create_reference(environment.env(), value, 1, &reference_));
  ++live_functions;
}

JavaScriptFunction::~JavaScriptFunction() {
  --live_functions;
  queue_->release(reference_);
}

void JavaScriptFunction::call(
    c10::function_ref<void(Environment& environment, napi_value value)> body) const {
  std::exception_ptr failure;
  const at::ThreadLocalState state;
  const auto run = [&] {
    napi_env env = environment_.env();
    Napi::HandleScope scope(env);
    at::ThreadLocalStateGuard guard(state);
    try {
      body(environment_, call_node<napi_value>(env, napi_get_reference_value, reference_));
    } catch (const PendingException&) {
      failure = std::make_exception_ptr(JavaScriptError(environment_));
    } catch (...) {
      failure = std::current_exception();
    }
  };
  environment_.async().run_on_environment_thread(run);
  if (failure) std::rethrow_exception(failure);
}

void JavaScriptFunction::let_go() const {
  if (is_weak_) return;
  is_weak_ = true;
  check(environment_.env(), napi_reference_unref(environment_.env(), reference_, nullptr));
}

int64_t JavaScriptFunction::live() { return live_functions; }

}  // namespace torch_losses
