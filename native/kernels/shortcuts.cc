#include "kernels/shortcuts.h"

#include "bindings/bindings.h"

namespace torch_losses {
namespace {

napi_value shortcuts_taken(Environment& environment) {
  napi_value object = new_object(environment);
  for (Shortcut* shortcut : shortcuts::kAll) {
    set_property(environment, object, shortcut->name(),
                 to_javascript(environment, shortcut->was_taken()));
  }
  return object;
}

}  // namespace

void add_shortcuts(Bindings& bindings) { bindings.add<&shortcuts_taken>("shortcuts_taken"); }

}  // namespace torch_losses
