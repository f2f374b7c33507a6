// Automatic mixed precision: which operators run in which dtype.
#pragma once

#include <c10/core/ScalarType.h>

namespace torch_losses {

class Bindings;

// What at::ThreadLocalState does not carry of autocast from one thread to another.
struct AutocastSettings {
  at::ScalarType cpu = at::ScalarType::BFloat16;
  at::ScalarType cuda = at::ScalarType::Half;

  static AutocastSettings current();

  // For a job. It casts for itself, without the cache of casts: that is one for the process, and
  // is emptied when a region ends, which a job of the region may outlast.
  void apply() const;
};

void add_autocast(Bindings& bindings);

}  // namespace torch_losses
