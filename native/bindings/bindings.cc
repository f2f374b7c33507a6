#include "bindings/bindings.h"

namespace torch_losses {

Bindings::Bindings(Environment& environment, napi_value exports)
    : environment_(environment), exports_(exports), async_(new_object(environment)) {
  set_property(environment, exports, "async", async_);
}

void Bindings::set(napi_value object, const char* name, napi_callback callback) {
  napi_env env = environment_.env();
  napi_value function = nullptr;
  Binding& binding = environment_.add_binding(Binding{environment_, name});
  check(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, &binding, &function));
  set_property(environment_, object, name, function);
}

}  // namespace torch_losses
