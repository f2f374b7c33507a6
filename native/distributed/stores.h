// Stores: the keys and values by which processes find each other.
#pragma once

#include "bindings/node_api.h"

#include <memory>

#include "bindings/externals.h"
#include "bindings/tasks.h"
#include "distributed/background.h"
#include "distributed/c10d.h"

namespace torch_losses {

namespace distributed {

using StorePointer = c10::intrusive_ptr<c10d::Store>;

// A store as JavaScript holds it, with the lane of its calls: a call of a store waits for the call
// before it.
struct StoreHandle {
  Aside<StorePointer> store;
  std::shared_ptr<Lane> lane;
};

// Hands a store over to a new JavaScript value.
napi_value new_store(Environment& environment, StorePointer store,
                     std::shared_ptr<Lane> lane = std::make_shared<Lane>());

// Returns the store of a handle. Throws if it was closed.
const StorePointer& checked(const StoreHandle* handle);

}  // namespace distributed

template <>
distributed::StoreHandle* read(Environment& environment, napi_value value);

}  // namespace torch_losses
