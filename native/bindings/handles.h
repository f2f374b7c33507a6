// The table of the tensors that JavaScript holds. Each environment has one.
//
// A handle is a slot's index and the slot's generation, packed into one double: a plain number in
// JavaScript. Freeing a slot starts its next generation, so that a stale handle is detected. A slot
// holds the tensor and a weak reference to its owner, the JavaScript `Tensor`. There are no
// finalizers, because those run only when the event loop turns. Instead, a sweep frees the slots
// whose weak reference is empty. Young handles, those created lately, are swept at intervals; all
// handles, when as many have been created as are live. Growth of the live bytes also causes sweeps.
//
// A sweep of young handles does not destroy the tensors it finds dead. They wait in a list, and
// each new handle destroys one of them, so that the next loss and its graph reuse the blocks that
// malloc has just got back. Destroying a thousand graphs at once takes as long again as computing
// them. When memory is short the list is cleared at once.
#pragma once

#include "bindings/node_api.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

namespace torch_losses {

using Handle = double;

// Why the table calls the relief function; lib/memory/pressure.ts relies on the order.
enum class Pressure {
  YoungHandles,   // the young handles have reached their limit
  LiveBytes,      // the live bytes have grown by more than was allowed
  OutOfMemory,    // an allocation failed
  EndOfIdleness,  // the first handle since `notify_next_creation`
};

// All functions must be called on the environment's thread.
class HandleTable {
 public:
  explicit HandleTable(napi_env env) : env_(env) {}
  HandleTable(const HandleTable&) = delete;
  HandleTable& operator=(const HandleTable&) = delete;

  // Takes ownership of the tensor. The handle is live until disposed, or until its owner, once
  // attached, is collected.
  Handle create(at::Tensor tensor);

  // Attaches the JavaScript object that owns the handle.
  void attach(Handle handle, napi_value owner);

  // Returns the tensor. Throws TypeError if the handle is stale or invalid.
  const at::Tensor& get(Handle handle) const;

  // Replaces the tensor of a live handle.
  void replace(Handle handle, at::Tensor tensor) { require(handle).tensor = std::move(tensor); }

  bool is_live(Handle handle) const noexcept;

  // Returns the owner, or nullptr if it was collected or is not attached yet.
  napi_value owner(Handle handle) const;

  // Stores the handle of the gradient of `handle`'s tensor, so that `x.grad` is the same object
  // while that lives.
  void set_gradient(Handle handle, Handle gradient);
  Handle gradient(Handle handle) const;

  // Frees the slot at once. Does nothing if the handle is stale.
  void dispose(Handle handle);

  // Frees every slot whose owner was collected. Returns their number.
  size_t sweep();

  // Frees the young slots whose owner was collected: all that a minor collection can have freed.
  // Returns their number.
  size_t sweep_young();

  size_t live() const noexcept { return live_; }

  // Sets the function that collects garbage and sweeps. It then sets the conditions of its next
  // call by `set_young_interval` and `allow_growth`.
  void set_relief(std::function<void(Pressure)> relieve) { relieve_ = std::move(relieve); }

  // Calls the relief function; destroys dead tensors at once meanwhile.
  void relieve(Pressure pressure);

  // Sets the number of new handles after which the relief function is called. A small number keeps
  // the memory in use within the processor's caches.
  void set_young_interval(size_t count) { young_interval_ = count; }

  // Sets the growth of the live bytes, from now, at which the relief function is called. A growth
  // of up to a quarter of the least live bytes since then is always allowed.
  void allow_growth(int64_t bytes);

  // Returns the growth of the live bytes, from the least since `allow_growth`.
  int64_t growth() const;

  // Calls the relief function with EndOfIdleness at the next creation.
  void notify_next_creation() { is_idle_ = true; }

  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.live) visit(slot.tensor);
    }
  }

  // Frees everything. Called when the environment ends, while Node-API may still be used.
  void clear();

 private:
  struct Slot {
    at::Tensor tensor;
    napi_ref owner = nullptr;
    uint32_t generation = 1;
    uint32_t next_free = 0;
    Handle gradient = 0;
    // The number of sweeps survived, up to kTenuredAge. V8 promotes an object out of its young
    // generation at the object's second collection.
    uint8_t age = 0;
    bool live = false;
  };

  Slot* find(Handle handle) const noexcept;
  Slot& require(Handle handle) const;
  uint32_t allocate();
  at::Tensor release(uint32_t index);
  std::optional<at::Tensor> release_if_dead(uint32_t index);
  void add_young(Handle handle);
  void relieve_if_due();

  napi_env env_;
  // A deque, so that references to tensors stay valid while the table grows.
  mutable std::deque<Slot> slots_;
  uint32_t first_free_ = kNone;
  size_t live_ = 0;
  // The young handles, some of which may have been disposed, and the number of those that were not.
  std::vector<Handle> young_;
  size_t young_live_ = 0;
  size_t young_interval_ = kSweepInterval;
  size_t young_limit_ = kSweepInterval;
  size_t created_since_sweep_ = 0;
  // Dead tensors that wait for their destruction.
  std::vector<at::Tensor> dead_;
  bool is_relieving_ = false;
  std::function<void(Pressure)> relieve_;
  int64_t allowed_growth_ = INT64_MAX;
  int64_t least_live_bytes_ = 0;
  bool is_idle_ = true;

  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr size_t kSweepInterval = 4096;
  static constexpr uint8_t kTenuredAge = 3;
};

}  // namespace torch_losses
