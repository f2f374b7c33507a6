#pragma once

namespace torch_losses {

class Bindings;
void add_autograd(Bindings& bindings);

}  // namespace torch_losses
