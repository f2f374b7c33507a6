// Streams of devices, which are sequences of work, and events, which are marks in them.
#pragma once

namespace torch_losses {

class Bindings;

void add_streams(Bindings& bindings);

}  // namespace torch_losses
