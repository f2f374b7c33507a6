// Tensors on their way to another thread.
//
// `share_tensor` leaves a tensor here and gives a token, text that any thread of the process can
// claim it by, once. A token that nobody claims is dropped when its time is over. It is not bound
// to the life of the thread that made it: a worker's last act may be to send a result.
#pragma once

namespace torch_losses {

class Bindings;
void add_sharing(Bindings& bindings);

}  // namespace torch_losses
