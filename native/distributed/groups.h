// Process groups, as JavaScript holds them.
#pragma once

#include "bindings/node_api.h"

#include <memory>

#include "bindings/arguments.h"
#include "distributed/background.h"
#include "distributed/c10d.h"

namespace torch_losses {

namespace distributed {

using GroupPointer = c10::intrusive_ptr<c10d::ProcessGroup>;

struct GroupHandle {
  Aside<GroupPointer> group;
};

// Returns the group of a handle. Throws if it was destroyed.
const GroupPointer& checked(const GroupHandle* handle);

// Whether collectives of CPU tensors start without waiting for other ranks. Those of NCCL may
// connect first, and those of the debug mode DETAIL are compared first.
bool starts_at_once(const GroupPointer& group);

// Makes the reducers of a group let go of it, before it is destroyed. They cannot be used again.
void release_reducers(const GroupPointer& group);

}  // namespace distributed

// Reads the `native` of a ProcessGroup in JavaScript.
template <>
distributed::GroupHandle* read(Environment& environment, napi_value value);
template <>
distributed::GroupPointer read(Environment& environment, napi_value value);

}  // namespace torch_losses
