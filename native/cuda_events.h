// CUDA events: marks in streams, to wait for and to time by.
#pragma once

namespace torch_losses {

class Bindings;

void add_cuda_events(Bindings& bindings);

}  // namespace torch_losses
