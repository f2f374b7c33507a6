// What the process has set of libtorch's behaviour.
#pragma once

namespace torch_losses {

class Bindings;

void add_context(Bindings& bindings);

}  // namespace torch_losses
