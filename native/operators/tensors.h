#pragma once

namespace torch_losses {

class Bindings;
void add_tensors(Bindings& bindings);

}  // namespace torch_losses
