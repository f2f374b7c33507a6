// C++ objects that JavaScript holds as external values. Each class has a type tag, so that another
// addon's value, or another class's, is refused.
#pragma once

#include "bindings/node_api.h"

#include <memory>

#include "bindings/arguments.h"
#include "bindings/environment.h"
#include "bindings/errors.h"

namespace torch_losses {

// What identifies a class, and what an error calls it: "a Generator".
struct ExternalType {
  napi_type_tag tag;
  const char* name;
};

// Hands the object over to a new JavaScript value, whose collection deletes it.
template <typename T>
napi_value new_external(Environment& environment, const ExternalType& type,
                        std::unique_ptr<T> object) {
  napi_env env = environment.env();
  napi_value value = nullptr;
  check(env,
        napi_create_external(
            env, object.get(), [](napi_env, void* data, void*) { delete static_cast<T*>(data); },
            nullptr, &value));
  object.release();
  check(env, napi_type_tag_object(env, value, &type.tag));
  return value;
}

// Returns the object of a value that `new_external` made. Throws ArgumentMismatch for any other.
template <typename T>
T* read_external(Environment& environment, const ExternalType& type, napi_value value) {
  napi_env env = environment.env();
  if (type_of(environment, value) != napi_external ||
      !call_node<bool>(env, napi_check_object_type_tag, value, &type.tag)) {
    throw ArgumentMismatch{type.name};
  }
  return static_cast<T*>(call_node<void*>(env, napi_get_value_external, value));
}

}  // namespace torch_losses
