// What the process has set of libtorch's behaviour.
#pragma once

namespace torch_losses {

class Bindings;

void add_context(Bindings& bindings);

// Whether this thread treats denormal numbers as zero.
bool flush_denormal();
bool set_flush_denormal(bool mode);

}  // namespace torch_losses
