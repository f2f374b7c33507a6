#include "binding.h"

namespace torch_losses {

void Bindings::add(const char* name, napi_callback callback) {
  napi_env env = environment_.env();
  napi_value function = nullptr;
  Binding& binding = environment_.keep(Binding{environment_, name});
  check(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, &binding, &function));
  set_property(environment_, exports_, name, function);
}

}  // namespace torch_losses
