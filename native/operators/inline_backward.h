// The backward pass of a small graph, without the engine.
#pragma once

#include <ATen/core/Tensor.h>

namespace torch_losses {

// Runs the backward pass of `root`, which starts with `gradient`, on the calling thread, and
// returns true. Returns false, and does nothing, if the graph is not eligible: the engine must then
// run it. A graph is eligible if it is small, has no hooks, and lies on the CPU or on the current
// stream of one CUDA device.
//
// The bits are the engine's: functions run in its order, each after all functions that feed it, and
// gradients are summed in their order of arrival. It saves the engine's task with its queue, locks
// and threads, which cost several times the arithmetic of a small graph.
bool backward_inline(const at::Tensor& root, const at::Tensor& gradient, bool keep_graph);

}  // namespace torch_losses
