// What happens when a device's memory runs out: dead tensors are freed, and the call is made once
// more.
#pragma once

#include <c10/util/Exception.h>

#include <cstdint>
#include <utility>

#include "bindings/environment.h"

namespace torch_losses {

class Bindings;

// For tests: so many of the next calls that are made under `trying_again` find no memory.
void simulate_out_of_memory(int64_t calls);
void fail_where_simulated();

// What is done when a device's memory runs out in a call: nothing, for those that make no tensors;
// freeing what JavaScript no longer holds, for the calls to come; that, and making the call once
// more, if it changes nothing when it fails.
enum class WhenExhausted { Fail, Free, Repeat };

// Runs `body`, and again where that is to be done.
template <typename Body>
auto trying_again(Environment& environment, WhenExhausted policy, Body&& body) {
  if (policy == WhenExhausted::Fail) return body();
  try {
    fail_where_simulated();
    return body();
  } catch (const c10::OutOfMemoryError&) {
    environment.handles().relieve(Pressure::Exhausted);
    if (policy == WhenExhausted::Free) throw;
  }
  fail_where_simulated();
  return body();
}

void add_memory_retry(Bindings& bindings);

}  // namespace torch_losses
