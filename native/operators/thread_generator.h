// The default generator of a thread that loads data.
#pragma once

#include <ATen/core/Generator.h>

#include <optional>

namespace torch_losses {

// Gives the calling thread, and what it starts, a default generator of its own on the CPU. In
// Python, each worker of a DataLoader has one because it is a process.
void own_generator(at::Generator generator);

// Returns the calling thread's own default generator, if it has one.
std::optional<at::Generator> thread_generator();

}  // namespace torch_losses
