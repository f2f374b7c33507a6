// The backward pass of a small graph, without the engine.
#pragma once

#include <ATen/core/Tensor.h>

namespace torch_losses {

// Accumulates the gradients of the leaves that `root` depends on, started with `gradient`, and
// returns true; or, where the graph is not a small one of plain functions on the CPU or on the
// current stream of one CUDA device, does nothing and returns false: then the engine must.
//
// The same bits as the engine gives: functions run in its order, each once all that feeds it has
// run, and a gradient that arrives later is added to those before it. What is left out is what a
// small graph has no use for: a task with its queue, locks and threads, which cost several times
// the arithmetic; on CUDA, a change of threads there and back.
bool backward_inline(const at::Tensor& root, const at::Tensor& gradient, bool keep_graph);

}  // namespace torch_losses
