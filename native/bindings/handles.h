// The tensors that JavaScript holds, one table per environment.
//
// A handle is a slot number and the slot's generation, in one double that JavaScript carries as a
// plain number. A generation ends when the slot is freed, so a stale handle is recognised, never
// followed. The slot keeps the tensor and a weak reference to the JavaScript `Tensor` that owns the
// handle. There are no finalizers (they run only when the event loop turns): a weak reference that
// no longer gives a value is a dead handle, and a sweep frees it: of the young ones now and then,
// of all when as many were created as live, and both whenever the allocator's live bytes say that
// memory is short.
//
// Tensors that a sweep of the young ones found dead are not destroyed at once but one with each
// creation, unless memory is short: the next loss and its graph then take the very blocks that
// malloc just got back. A thousand graphs freed together cost as much again as computing them.
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

// Why memory should be looked after: the order is known to lib/memory/pressure.ts.
enum class Pressure { Young, Bytes, Exhausted, Awake };

class HandleTable {
 public:
  explicit HandleTable(napi_env env) : env_(env) {}
  HandleTable(const HandleTable&) = delete;
  HandleTable& operator=(const HandleTable&) = delete;

  // Takes the tensor; the handle has no owner until `attach`.
  Handle create(at::Tensor tensor);

  // Makes `owner` the JavaScript object whose life keeps the handle.
  void attach(Handle handle, napi_value owner);

  // The tensor; throws TypeError for a handle that was disposed or never was.
  const at::Tensor& get(Handle handle) const;

  bool is_live(Handle handle) const noexcept;

  // The owner, or null when it was collected or not yet attached.
  napi_value owner(Handle handle) const;

  // Remembers which handle stands for `handle`'s gradient, so that `x.grad` is the same object
  // while it lives.
  void remember_gradient(Handle handle, Handle gradient);
  Handle gradient(Handle handle) const;

  // Frees the slot at once; a second time does nothing.
  void dispose(Handle handle);

  // Frees every slot whose owner was collected; returns how many.
  size_t sweep();

  // The same among handles given out lately, which are all that a minor collection can have freed.
  // Their tensors are destroyed as creations go on.
  size_t sweep_young();

  size_t live() const noexcept { return live_; }

  // Collects garbage and sweeps, now.
  void relieve(Pressure pressure);

  // What collects garbage and sweeps, then says when it is next called: when the live bytes have
  // grown by so many, or after so many new handles. Few young handles keep the memory in use within
  // the processor's caches.
  void on_pressure(std::function<void(Pressure)> relieve) { relieve_ = std::move(relieve); }
  void set_young_interval(size_t count) { young_interval_ = count; }
  // From what lives now. It may also grow by a quarter of the least that lives from then on.
  void allow_growth(int64_t bytes);
  // By how many bytes what lives has grown since.
  int64_t growth() const;
  // The next creation is told, as `Awake`.
  void rest() { is_awake_ = false; }

  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.live) visit(slot.tensor);
    }
  }

  // Frees everything: at the end of the environment, while Node-API may still be called.
  void clear();

 private:
  struct Slot {
    at::Tensor tensor;
    napi_ref owner = nullptr;
    uint32_t generation = 1;
    uint32_t next_free = 0;
    Handle gradient = 0;
    // Sweeps survived, up to kGrown: V8 moves an object out of its young generation at its second
    // collection.
    uint8_t age = 0;
    bool live = false;
  };

  Slot* find(Handle handle) const noexcept;
  Slot& require(Handle handle) const;
  uint32_t allocate();
  at::Tensor release(uint32_t index);
  std::optional<at::Tensor> release_if_dead(uint32_t index);
  void remember_young(Handle handle);
  void make_room();

  napi_env env_;
  // A deque: references to tensors stay valid while the table grows.
  mutable std::deque<Slot> slots_;
  uint32_t first_free_ = kNone;
  size_t live_ = 0;
  // Given out lately; some may have been freed since. Those that were not are counted.
  std::vector<Handle> young_;
  size_t young_live_ = 0;
  size_t young_interval_ = kSweepEvery;
  size_t young_limit_ = kSweepEvery;
  size_t created_since_sweep_ = 0;
  // Dead, to be destroyed one by one; all at once while memory is short.
  std::vector<at::Tensor> dead_;
  bool is_short_ = false;
  std::function<void(Pressure)> relieve_;
  int64_t allowed_growth_ = INT64_MAX;
  int64_t least_live_bytes_ = 0;
  bool is_awake_ = false;

  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr size_t kSweepEvery = 4096;
  static constexpr uint8_t kGrown = 3;
};

}  // namespace torch_losses
