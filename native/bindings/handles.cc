#include "bindings/handles.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "bindings/errors.h"
#include "memory/live_bytes.h"

namespace torch_losses {
namespace {

// 2^26 slots and 2^27 generations fill the 53 bits that a double holds exactly.
constexpr double kSlots = 1 << 26;
constexpr uint32_t kLastGeneration = (1U << 27) - 1;

uint32_t index_of(Handle handle) {
  return static_cast<uint32_t>(handle - std::floor(handle / kSlots) * kSlots);
}

// The number of slots that a sweep examines within one handle scope: enough to amortise its cost,
// and few enough to keep V8's handle blocks small.
constexpr size_t kSlotsPerScope = 256;

}  // namespace

HandleTable::Slot* HandleTable::find(Handle handle) const noexcept {
  if (!(handle >= kSlots && handle < kSlots * (kLastGeneration + 1.0))) return nullptr;  // also NaN
  auto generation = static_cast<uint64_t>(handle / kSlots);
  auto index = static_cast<uint64_t>(handle - static_cast<double>(generation) * kSlots);
  if (index >= slots_.size()) return nullptr;
  Slot& slot = slots_[index];
  return slot.live && slot.generation == generation ? &slot : nullptr;
}

HandleTable::Slot& HandleTable::require(Handle handle) const {
  if (Slot* slot = find(handle)) return *slot;
  throw_type_error("the tensor was disposed");
}

uint32_t HandleTable::allocate() {
  if (first_free_ != kNone) {
    uint32_t index = first_free_;
    first_free_ = slots_[index].next_free;
    return index;
  }
  if (slots_.size() >= static_cast<size_t>(kSlots)) {
    throw PythonError("RuntimeError", "too many live tensors: " + std::to_string(slots_.size()));
  }
  slots_.emplace_back();
  return static_cast<uint32_t>(slots_.size() - 1);
}

// Frees the slot and returns its tensor, for the caller to destroy. That may destroy a whole graph.
at::Tensor HandleTable::release(uint32_t index) {
  Slot& slot = slots_[index];
  if (slot.owner != nullptr) napi_delete_reference(env_, std::exchange(slot.owner, nullptr));
  slot.live = false;
  slot.gradient = 0;
  --live_;
  if (slot.age < kTenuredAge) --young_live_;
  // A slot that has used its last generation is never reused, so that no handle is issued twice.
  if (slot.generation < kLastGeneration) {
    ++slot.generation;
    slot.next_free = std::exchange(first_free_, index);
  }
  return std::move(slot.tensor);
}

void HandleTable::allow_growth(int64_t bytes) {
  allowed_growth_ = bytes;
  least_live_bytes_ = live_bytes();
}

int64_t HandleTable::growth() const { return live_bytes() - least_live_bytes_; }

// Runs before each creation: destroys one dead tensor, and relieves memory pressure if that is due.
void HandleTable::relieve_if_due() {
  if (!dead_.empty()) dead_.pop_back();
  least_live_bytes_ = std::min(least_live_bytes_, live_bytes());
  if (growth() > std::max(allowed_growth_, least_live_bytes_ / 4)) relieve(Pressure::LiveBytes);
  if (relieve_ && std::exchange(is_idle_, false)) relieve_(Pressure::EndOfIdleness);
  // Sweeps all handles when as many have been created as are live, so that the cost of a creation
  // stays constant.
  if (++created_since_sweep_ > std::max(live_, kSweepInterval)) {
    sweep();
  } else if (young_live_ >= young_limit_) {
    if (relieve_) {
      relieve_(Pressure::YoungHandles);
    } else {
      sweep_young();
    }
    young_limit_ = young_live_ + young_interval_;
  }
}

void HandleTable::relieve(Pressure pressure) {
  if (!relieve_) return;
  dead_.clear();
  // Resets the flag if JavaScript throws, too: a worker may be terminated at any time.
  struct Reset {
    bool& flag;
    ~Reset() { flag = false; }
  } reset{is_relieving_};
  is_relieving_ = true;
  relieve_(pressure);
}

Handle HandleTable::create(at::Tensor tensor) {
  relieve_if_due();
  uint32_t index = allocate();
  Slot& slot = slots_[index];
  slot.tensor = std::move(tensor);
  slot.live = true;
  slot.age = 0;
  ++live_;
  Handle handle = static_cast<double>(slot.generation) * kSlots + index;
  add_young(handle);
  return handle;
}

void HandleTable::add_young(Handle handle) {
  ++young_live_;
  young_.push_back(handle);
  // Removes disposed handles once they are the majority.
  if (young_.size() > 2 * young_live_ + kSweepInterval) {
    std::erase_if(young_, [this](Handle young) { return find(young) == nullptr; });
  }
}

void HandleTable::attach(Handle handle, napi_value owner) {
  Slot& slot = require(handle);
  if (slot.owner != nullptr) throw_type_error("the handle already has an owner");
  check(env_, napi_create_reference(env_, owner, 0, &slot.owner));
}

const at::Tensor& HandleTable::get(Handle handle) const { return require(handle).tensor; }

bool HandleTable::is_live(Handle handle) const noexcept { return find(handle) != nullptr; }

napi_value HandleTable::owner(Handle handle) const {
  const Slot* slot = find(handle);
  if (slot == nullptr || slot->owner == nullptr) return nullptr;
  return call_node<napi_value>(env_, napi_get_reference_value, slot->owner);
}

void HandleTable::set_gradient(Handle handle, Handle gradient) {
  require(handle).gradient = gradient;
}

Handle HandleTable::gradient(Handle handle) const { return require(handle).gradient; }

void HandleTable::dispose(Handle handle) {
  if (find(handle) != nullptr) release(index_of(handle));
}

// Frees the slot if its owner was collected, and returns its tensor.
std::optional<at::Tensor> HandleTable::release_if_dead(uint32_t index) {
  Slot& slot = slots_[index];
  if (!slot.live || slot.owner == nullptr) return std::nullopt;
  if (call_node<napi_value>(env_, napi_get_reference_value, slot.owner)) return std::nullopt;
  return release(index);
}

size_t HandleTable::sweep() {
  size_t freed = 0;
  created_since_sweep_ = 0;
  dead_.clear();
  for (size_t start = 0; start < slots_.size(); start += kSlotsPerScope) {
    Napi::HandleScope scope(env_);
    size_t end = std::min(start + kSlotsPerScope, slots_.size());
    for (size_t index = start; index < end; ++index) {
      freed += release_if_dead(static_cast<uint32_t>(index)) ? 1 : 0;
    }
  }
  return freed;
}

size_t HandleTable::sweep_young() {
  size_t freed = 0;
  // No handle is created during the sweep, because destroying a tensor runs no JavaScript.
  std::vector<Handle> candidates = std::exchange(young_, {});
  for (size_t start = 0; start < candidates.size(); start += kSlotsPerScope) {
    Napi::HandleScope scope(env_);
    size_t end = std::min(start + kSlotsPerScope, candidates.size());
    for (size_t at = start; at < end; ++at) {
      Slot* slot = find(candidates[at]);
      if (slot == nullptr) continue;
      if (std::optional<at::Tensor> tensor = release_if_dead(index_of(candidates[at]))) {
        ++freed;
        if (!is_relieving_) dead_.push_back(std::move(*tensor));
      } else if (++slot->age < kTenuredAge) {
        young_.push_back(candidates[at]);
      } else {
        --young_live_;
      }
    }
  }
  return freed;
}

void HandleTable::clear() {
  for (size_t index = 0; index < slots_.size(); ++index) {
    if (slots_[index].live) release(static_cast<uint32_t>(index));
  }
  dead_.clear();
}

}  // namespace torch_losses
