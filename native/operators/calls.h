// Calls of any operator from JavaScript: arguments are converted as its schema asks, and results by
// what they are.
#pragma once

namespace torch_losses {

class Bindings;
void add_operator_calls(Bindings& bindings);

}  // namespace torch_losses
